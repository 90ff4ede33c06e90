"""The secure channel of boards that speak TCP, as pure bytes: no socket, no clock, no thread.

The firmware calls it "lightssl". It is older than DTLS on such boards and shares nothing with TLS: five steps of fixed
length that prove two RSA keys to each other, then frames of AES in CBC mode. The two ends know each other beforehand:
the board has the server's public key (2048 bits) in its flash, the server has a table of boards and their public keys
(1024 bits).

    board                                              server
                                                <-     1  nonce: 40 random bytes, in clear
    2  claim: 256 bytes, to the server's key:
       nonce, device id (12), [own public key]  ->
                                                <-     3  answer: 128 bytes A, to the board's key: 40 session bytes;
                                                          256 bytes B, signed by the server: HMAC-SHA1(session, A)
    4  frame                                    ->
                                                <-     5  frame

Session bytes are an AES-128 key (16), the first IV of both directions (16) and a salt (8), from which a board takes its
first message number. A frame is a length (2 bytes, big-endian) and that many bytes of ciphertext of one message with
PKCS #7 padding. The IV of the next frame of a direction is the first block of this one's ciphertext.

What the handshake proves. Board to server: that the server holds its key, by B. Server to board: nothing yet. Everybody
who has the server's public key can write a claim with any id in it; only the owner of the board's key can read A, and
shows it by the first frame that decrypts to a message with a meaning. A stranger's random block has a correct padding
once in 256 times, so it is the first *understood* message that proves a board, not the first that arrives. The shell
has to mind that; docs/lightssl.md says how.

What the channel does not protect. There is no MAC and no sequence number. Who sits in between reads nothing, but can
cut the stream at any frame, leave frames out (the first block after the gap turns to noise, which a reader of messages
mostly notices), and change chosen bits of one block at the price of noise in the block before; what he changes in the
last block is noticed when it breaks the padding, and otherwise not. IVs can be predicted. Who copies the traffic and
gets at a board's key later reads it all: no forward secrecy. 1024 bits of RSA are within the reach of those who have
much money. Boards of this kind speak nothing else and get no new firmware, so the choice is this or not to be there. A
frame that cannot be right ends the connection: there is one guess a session, whose keys are then gone.

Decryption of the claim is the classical place of Bleichenbacher's oracle (RFC 8017, 7.2). Whatever is wrong with a
claim, padding, length or nonce, is one error with one text, and a claim with a perfect padding but without the nonce of
this very connection is as wrong as any other, so that the answer "closed" tells nothing. OpenSSL from 3.2 on gives
noise instead of an error for a wrong padding, and does so in constant time.

The rooms: `limits` says what a peer may cost and how long things are, `keys` is everything with RSA, `channel` the
frames, `connection` what both ends share, `server` and `client` the two ends. The primitives are those of the
`cryptography` package.
"""
