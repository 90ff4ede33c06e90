"""CoAP as pure bytes: no socket, no clock, no thread.

CoAP (RFC 7252) is the web's request and response for machines that can spare a few bytes. A message is a header of four
bytes (version, type, length of the token; code; message identifier), a token of zero to eight bytes, options in
ascending order, each written as the difference to the one before, and after a byte FF the payload. A request has a
method as its code, a response a status; 0.00 is *empty*.

Two layers share that header and do not know each other:

* **Messages** (chapter 4) make datagrams dependable. A Confirmable message (CON) is repeated, each time after twice the
  wait, until an Acknowledgement (ACK) or a Reset (RST) with its *message identifier* comes back; the receiver remembers
  identifiers, so that a repetition is answered again and not acted on again. A Non-confirmable one (NON) is sent once.
* **Requests and responses** (chapter 5) are matched by the *token* alone. A response may ride in the ACK of its request
  (piggybacked), or come later as a CON or NON of its own (separate) after an empty ACK said that the request arrived.

Bodies longer than a message are moved in blocks (RFC 7959), one request and one response a block.

Options say by their number what a receiver that does not know them has to do: odd ones are *critical*, the message has
to be refused; even ones are *elective*, they are passed over.

Some peers speak these same messages over a reliable stream that frames and orders them (this is not RFC 8323, which has
another header). Then nothing is repeated and nothing is remembered, but Confirmable messages are still acknowledged.

The rooms: `message` says what there is, `options` knows the options, `encode` and `decode` turn messages into bytes and
back, `parameters` holds the times, limits and quirks, `exchange` is what is kept of a conversation and who is told,
`endpoint` is the machine for one peer, `block` are the pieces of RFC 7959 and `blockwise` is a machine around the
endpoint that cuts and joins bodies. The machines never wait: the shell feeds messages and the time, and is called back;
`deadline` says when to `tick`. Numbers like (4.2) beside the checks are sections of RFC 7252 unless another RFC is
named.
"""
