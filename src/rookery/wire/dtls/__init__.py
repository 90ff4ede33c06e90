"""DTLS 1.2 with raw public keys and connection identifiers as pure bytes: no socket, no clock, no thread.

DTLS (RFC 6347) is TLS 1.2 (RFC 5246) for datagrams that may be lost, repeated and reordered. A datagram holds one or
more *records*. Each carries an *epoch* (0 in clear, 1 under the keys of the handshake; there is no other here, because
renegotiation is refused) and a sequence number, which is the nonce and is what a window of the last 64 numbers refuses
to see twice. A record that is malformed, forged or repeated is dropped without a word and without harm to anyone
(RFC 6347, 4.1.2.7): whoever can guess an address can send such things.

The handshake runs in *flights*. Each side keeps its last flight and sends it again when its timer fires or when the
other side shows, by repeating its own, that it was lost. Who sends the last flight has no timer for it: it answers a
repeated Finished.

    client                                             server
    1  ClientHello                              ->
                                                <-     2  HelloVerifyRequest (cookie)
    3  ClientHello (cookie)                     ->
                                                <-     4  ServerHello, ServerKeyExchange, CertificateRequest,
                                                          ServerHelloDone
    5  Certificate, ClientKeyExchange,
       CertificateVerify, [ChangeCipherSpec],
       Finished                                 ->
                                                <-     6  [ChangeCipherSpec], Finished

Until flight 3 proves with the cookie that the client receives at the address it names, the server keeps nothing and
computes one HMAC. A certificate is a bare public key (RFC 7250): it says nothing about who the peer is, so the server
asks its application. The client has the server's key in its memory and is sent none.

A session then outlives addresses and even the process: a client that was given a connection identifier puts it into
each record, so that the server finds the session from whatever address it comes, and `Session.dump` turns what there
is to know into some 200 bytes. Every number of the profile that differs from the standards is a field of
`profile.Profile` with its evidence.

The rooms: `profile` says which dialect is spoken and what a peer may cost, `records` cuts datagrams, `keys` is the key
schedule and the signatures, `messages` the handshake messages, `flights` their fragments and timers, `cookies` the
stateless answer, `session` the state after a handshake. `server` and `client` are the two handshakes, `endpoint` is a
server's socket with everybody behind it. The primitives are those of the `cryptography` package. Numbers in brackets
beside checks are clauses of RFC 6347 unless another document is named.
"""
