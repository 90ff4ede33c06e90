"""MQTT 3.1.1 as pure bytes: no socket, no clock, no thread.

MQTT is a conversation of small packets over an ordered byte stream. A packet is one byte (type in the high half, flags
in the low half), a *remaining length* of one to four bytes with seven bits each, and that many bytes of body. Nothing
marks where a packet begins, so one wrong length loses the stream for ever: that is why a malformed packet always ends
the connection (MQTT-4.8.0-1), and why there is no such thing as a warning here.

A client says CONNECT once, first; the server says CONNACK. Then either side may PUBLISH. How a message is acknowledged
is its quality of service:

* QoS 0: not at all;
* QoS 1: the receiver owns it with PUBACK. Until then the sender keeps it, and sends it again when the client returns
  to a session that outlived its connection; so it may arrive twice;
* QoS 2: PUBLISH, PUBREC, PUBREL, PUBCOMP. The receiver remembers the packet identifier from PUBREC to PUBREL, so that a
  repeated PUBLISH is recognised; it arrives once.

What outlives a connection (subscriptions and both halves of those exchanges) is the *session*; who holds it is known
by the client identifier.

The rooms: `packets` says what there is, `encode` and `decode` turn it into bytes and back, `topics` knows names,
filters and which match, `session` is the state that may be kept, `server` and `client` are the two machines. The
machines never wait: the shell feeds bytes in and is called back. Clause numbers in brackets, like [MQTT-3.1.0-1], stand
beside the checks they ask for and refer to the OASIS standard of 29 October 2014.

MQTT 5 keeps this shape: properties are fields of the same packets, reason codes are the same bytes. The level a client
asked for is a field of `Connect`, and `decode` is the only place that would read a body differently because of it.
"""
