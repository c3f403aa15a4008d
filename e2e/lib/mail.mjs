// A mail server that others wrote, at which letters arrive, are refused, wait, or are accepted by a server that dies
// before it can say so.
import { once } from 'node:events';

import { SMTPServer } from 'smtp-server';

export class MailServer {
  /** Letters that were accepted, also those whose acceptance nobody heard of, in the order of their coming. */
  accepted = [];
  /** Addresses that were asked for, once for every try. */
  asked = [];
  sockets = new Set();

  static async open() {
    const mail = new MailServer();
    await mail.listen(0);
    return mail;
  }

  async listen(port) {
    this.smtp = new SMTPServer({
      disabledCommands: ['AUTH', 'STARTTLS'],
      disableReverseLookup: true,
      logger: false,
      onRcptTo: ({ address }, session, callback) => this.receive(address, callback),
      onData: (stream, session, callback) => this.data(stream, session, callback),
    });
    // A client that is killed takes its connections along, which is no failure here.
    this.smtp.on('error', () => {});
    this.smtp.server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    });
    this.smtp.listen(port, '127.0.0.1');
    await once(this.smtp.server, 'listening');
    this.port = this.smtp.server.address().port;
  }

  /** What the server under test needs to know. */
  get settings() {
    return {
      VESTIBULE_DELIVERY__KIND: 'live',
      VESTIBULE_EMAIL__PROVIDER: 'smtp',
      VESTIBULE_EMAIL__HOST: '127.0.0.1',
      VESTIBULE_EMAIL__PORT: String(this.port),
      VESTIBULE_EMAIL__TLS: 'none',
      VESTIBULE_EMAIL__FROM: 'Vestibule <login@example.com>',
    };
  }

  /** Says how an address is answered: nothing for yes, or `{ code, text }`. */
  answerTo = () => undefined;

  /** Called with every letter when it is accepted and before that is said; what it returns is waited for. */
  beforeReply = () => undefined;

  receive(address, callback) {
    this.asked.push(address);
    const refusal = this.answerTo(address);
    callback(refusal && Object.assign(new Error(refusal.text), { responseCode: refusal.code }));
  }

  async data(stream, session, callback) {
    const chunks = [];
    try {
      for await (const chunk of stream) chunks.push(chunk);
    } catch {
      // Its sender died in the middle of it: it is no letter.
      return;
    }
    const letter = parse(Buffer.concat(chunks).toString('utf8'), session.envelope.rcptTo[0].address);
    this.accepted.push(letter);
    await this.beforeReply(letter);
    callback();
  }

  /** Letters to an address. */
  to(address) {
    return this.accepted.filter((letter) => letter.to === address);
  }

  /** Ends at once, as a process does that is killed. */
  die() {
    this.smtp.server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  /** Begins again at the same port. */
  async revive() {
    if (this.smtp.server.listening || this.sockets.size > 0) await once(this.smtp.server, 'close');
    await this.listen(this.port);
  }

  close() {
    this.die();
  }
}

/** The parts of a letter that tests ask for. */
function parse(raw, to) {
  const [head] = raw.split('\r\n\r\n', 1);
  const headers = new Map();
  for (const line of head.replace(/\r\n[ \t]+/g, ' ').split('\r\n')) {
    const [, name, value] = line.match(/^([^:]+):\s*(.*)$/);
    headers.set(name.toLowerCase(), value);
  }
  const subject = headers.get('subject');
  return { to, raw, headers, id: headers.get('message-id'), subject, code: subject.match(/\b\d{6}\b/)?.[0] };
}
