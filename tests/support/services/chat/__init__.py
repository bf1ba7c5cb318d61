"""A chat room: who has left hears nothing any more."""
