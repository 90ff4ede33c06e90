/** The steps of the Particle track: what each does and why, and its ways. */

/** @typedef {{title: string, what: string[], ways?: Record<string, string>, pokes?: string}} StepText */

/** @type {Record<string, StepText>} */
export default {
  token: {
    title: 'Get an access token',
    what: [
      'Every call says who is calling with a token. You trade something that you know, a password or the secret of a client, for one that lives as long as you say.',
      'Use an OAuth client for programs: it can be withdrawn without changing your password. Use the password where a person is sitting in front of the screen.',
    ],
    ways: { client: 'With a client', password: 'With a password', otp: 'Second factor', have: 'I have a token' },
  },
  devices: {
    title: 'List your boards',
    what: [
      'The first call of every program: all boards that you own, each with its id, its name, and whether it is connected.',
      'The same address without a token is refused. Try both: knowing the refusal helps on the day a token is missing.',
    ],
    ways: { with: 'With the token', without: 'Without a token' },
  },
  device: {
    title: 'Look at one board',
    what: [
      'One board tells more: which functions it offers, which variables it has and of what type, its firmware, and when it was last heard.',
      'An id or the name will do. The next steps offer the variables and functions that come back here.',
    ],
  },
  variable: {
    title: 'Read a variable',
    what: [
      'The board is asked now, over its open connection, and answers with the value that it has at this moment.',
      'As JSON the answer also says which board it was. With format=raw it is the bare value: good for shell scripts and spreadsheets.',
    ],
    ways: { json: 'As JSON', raw: 'The bare value' },
  },
  function: {
    title: 'Call a function',
    what: [
      'One text goes to the board, its function runs, and one whole number comes back as return_value.',
      'The argument may come as JSON or as a form; both do the same. A negative number is the board saying no: the call itself has worked.',
    ],
    ways: { json: 'As JSON', form: 'As a form' },
  },
  'three-ways': {
    title: 'Three ways to send a token',
    what: [
      'The header is the best way: addresses end up in logs and histories, headers do not. A form may carry the token beside its fields, for clients that can set no header.',
      'In the address it works for GET only, which is enough for browsers that open an event stream.',
    ],
    ways: { header: 'Header', form: 'Form field', query: 'Address' },
  },
  rename: {
    title: 'Rename a board',
    what: [
      'Boards get a made-up name when they are claimed. A name of your own makes logs and programs readable, and works in addresses in place of the id.',
      'Names are yours alone: another person may use the same one.',
    ],
  },
  ping: {
    title: 'Ping a board',
    what: [
      'The server sends the board a small message and waits for its acknowledgement. It is no ICMP ping: it goes through the connection that carries your data.',
      'A board that does not answer is no error; the reply says online: false.',
    ],
  },
  notes: {
    title: 'Write and read notes',
    what: [
      'A free text that stays with the board: where it hangs, when its battery was changed, what to look out for.',
      'Setting it is a PUT; it comes back with everything else that is known of the board.',
    ],
    ways: { write: 'Write', read: 'Read' },
  },
  vitals: {
    title: 'Ask for vitals',
    what: [
      'Signal strength, memory, uptime, reconnections: a board reports them when it is asked and now and then by itself.',
      'Ask first, then read the last report. The history goes back one month, as JSON or as CSV for a spreadsheet.',
    ],
    ways: { ask: 'Ask the board', last: 'Last report', history: 'History', csv: 'History as CSV' },
  },
  publish: {
    title: 'Publish an event',
    what: [
      'An event has a name and a text. Your boards that have subscribed to the begin of the name receive it, and so do your open streams and webhooks.',
      'It is on disk before you get the answer.',
    ],
  },
  stream: {
    title: 'Watch events arrive',
    what: [
      'This request does not end: the server keeps the connection and writes each event as it happens. Browsers, curl and every HTTP library can read it.',
      'The address may end with the begin of the names that you want. An empty line every nine seconds says that the line still stands.',
    ],
    pokes: 'Publish an event now',
  },
  product: {
    title: 'Create a product',
    what: [
      'A product is a fleet of boards of one kind: it has its own boards, customers, clients, team and event stream.',
      'Make one for the tutorial, or choose one that you have. The last step removes it again.',
    ],
    ways: { create: 'Create', list: 'List mine' },
  },
  'product-client': {
    title: 'Create a client of the product',
    what: [
      'Your own server needs an identity that is not a person. A client with two legs, type installed, is one: an id, and a secret that is shown this once.',
      'The next steps use both; they stay in the memory of this page.',
    ],
  },
  'product-token': {
    title: 'Get a product token',
    what: [
      'The client trades its id and secret for a token that speaks for the whole product, whoever owns the boards.',
      'You choose its life in seconds; 0 means that it never ends. Keep it on your server and never put it into an app.',
    ],
  },
  'who-may': {
    title: 'See who may call what',
    what: [
      'Your own token works on a product because you are in its team, within your role. The product token works there, too.',
      'It works nowhere else: on addresses of a person it is refused. See how that looks.',
    ],
    ways: { person: 'Your token', product: 'Product token', elsewhere: 'Product token, elsewhere' },
  },
  import: {
    title: 'Add a board to the product',
    what: [
      'A board becomes part of the product by its id. It must not be in another product, and its owner must be nobody or someone of the team.',
      'The answer counts what happened to each id. The list of the product has pages, filters and an order.',
    ],
    ways: { import: 'Add', list: 'List' },
  },
  'product-call': {
    title: 'Call the board through the product',
    what: [
      'Variables, functions and events have a twin below the product. They take the product token, so your server needs no token of any owner.',
      'What is published to a product goes to its boards, not to those that a customer owns.',
    ],
    ways: { variable: 'Variable', function: 'Function', publish: 'Publish' },
  },
  customer: {
    title: 'Create a customer',
    what: [
      'People who use your product need no account here. Your server creates a customer for each of them, without a password, and gets the customer’s token right away.',
      'The name is any text that is unique: an e-mail address, or better a UUID that only your own database can explain.',
    ],
    ways: { create: 'Create', list: 'List' },
  },
  'claim-code': {
    title: 'Make a claim code',
    what: [
      'A set-up app hands this code to a new board over Wi-Fi, Bluetooth or USB. When the board connects it shows the code and belongs to the customer from then on.',
      'The code has 63 characters, is made with the customer’s token, and is good for one hour.',
    ],
  },
  'customer-token': {
    title: 'Get a new customer token',
    what: [
      'Tokens run out. Your server makes a new one for an existing customer with its client and the customer’s name as scope.',
      'Give this token to the customer’s app: it opens nothing but that customer’s boards.',
    ],
  },
  claim: {
    title: 'Give the board to the customer',
    what: [
      'A board that is connected already needs no code: it is released by its owner, then claimed with the customer’s token.',
      'Afterwards the product shows the customer as owner of the board. The board itself notices nothing.',
    ],
    ways: { release: '1. Release', claim: '2. Claim', look: '3. Look' },
  },
  'customer-call': {
    title: 'Call with the customer’s token',
    what: [
      'The customer’s app uses the same addresses as everybody: its list has the customer’s own boards and no others.',
      'On addresses of the product the token is refused. That is what makes it safe to hand out.',
    ],
    ways: { devices: 'List', variable: 'Variable', function: 'Function', refused: 'On the product' },
  },
  'product-stream': {
    title: 'Watch the product',
    what: [
      'One stream for the whole fleet: what its boards say, what is published to it, and what its customers publish.',
      'Let the customer publish something and see it arrive with the product number on it.',
    ],
    pokes: 'Let the customer publish',
  },
  tidy: {
    title: 'Tidy up',
    what: [
      'Take the board back and remove what the tutorial has made: the customer, the client, the product. Each of them is one call.',
      'Going through them in this order leaves everything as it was before.',
    ],
    ways: {
      release: '1. Release the board',
      take: '2. Take it back',
      remove: '3. Out of the product',
      customer: '4. Delete customer',
      client: '5. Delete client',
      product: '6. Delete product',
    },
  },
};
