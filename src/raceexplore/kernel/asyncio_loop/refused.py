"""What an asyncio program may not ask its loop for: the method, what to call it, what to use."""

from __future__ import annotations

SOCKETS = (
    "add_reader", "remove_reader", "add_writer", "remove_writer", "sock_recv", "sock_recv_into",
    "sock_recvfrom", "sock_recvfrom_into", "sock_sendall", "sock_sendto", "sock_connect",
    "sock_accept", "sock_sendfile",
)  # fmt: skip

REFUSED = (
    *[(name, f"loop.{name}()", "socket") for name in SOCKETS],
    ("create_connection", "a real connection (loop.create_connection)", "socket"),
    ("create_server", "a real server (loop.create_server)", "socket"),
    ("create_datagram_endpoint", "a real datagram endpoint", "socket"),
    ("create_unix_connection", "a real connection (loop.create_unix_connection)", "socket"),
    ("create_unix_server", "a real server (loop.create_unix_server)", "socket"),
    ("connect_accepted_socket", "a real socket (loop.connect_accepted_socket)", "socket"),
    ("sendfile", "loop.sendfile()", "socket"),
    ("start_tls", "loop.start_tls()", "socket"),
    ("getaddrinfo", "loop.getaddrinfo()", "socket"),
    ("getnameinfo", "loop.getnameinfo()", "socket"),
    ("connect_read_pipe", "a pipe (loop.connect_read_pipe)", "pipe"),
    ("connect_write_pipe", "a pipe (loop.connect_write_pipe)", "pipe"),
    ("subprocess_exec", "a subprocess (loop.subprocess_exec)", "subprocess"),
    ("subprocess_shell", "a subprocess (loop.subprocess_shell)", "subprocess"),
    ("add_signal_handler", "loop.add_signal_handler()", "signal"),
    ("remove_signal_handler", "loop.remove_signal_handler()", "signal"),
)
