"""The cart story: events decided on an old version, and a projection that counts twice."""
