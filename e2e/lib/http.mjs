// A small HTTP client whose connections are its owner's: a server that is killed takes its connections along, and a
// pool shared by all tests would hand them to the next server.
import http from 'node:http';
import https from 'node:https';

export class Http {
  constructor(base, { ca } = {}) {
    this.base = base;
    this.module = base.startsWith('https:') ? https : http;
    this.agent = new this.module.Agent({ keepAlive: true, ca });
  }

  /** Resolves to `{ status, headers, text, json }` for every answer; rejects only when there is none. */
  send(method, path, { headers = {}, body } = {}) {
    const url = new URL(path, this.base);
    return new Promise((resolve, reject) => {
      const request = this.module.request(url, { method, headers, agent: this.agent, timeout: 60_000 }, (response) => {
        const chunks = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          if (!response.complete) return reject(new Error('the answer ended early'));
          resolve(new Answer(`${method} ${url.pathname}`, response, Buffer.concat(chunks).toString('utf8')));
        });
      });
      request.on('timeout', () => request.destroy(new Error(`no answer to ${method} ${url.pathname} within a minute`)));
      request.on('error', reject);
      request.end(body);
    });
  }

  get(path, headers = {}) {
    return this.send('GET', path, { headers });
  }

  form(path, fields, headers = {}) {
    const body = new URLSearchParams(fields).toString();
    const type = 'application/x-www-form-urlencoded';
    return this.send('POST', path, { headers: { 'content-type': type, accept: 'application/json', ...headers }, body });
  }

  json(method, path, value, headers = {}) {
    const body = JSON.stringify(value);
    const type = 'application/json';
    return this.send(method, path, { headers: { 'content-type': type, accept: type, ...headers }, body });
  }

  /** Opens `count` connections, so that requests sent together afterwards also arrive together. */
  async warm(count) {
    await Promise.all(Array.from({ length: count }, () => this.get('/health/live')));
  }

  close() {
    this.agent.destroy();
  }
}

class Answer {
  constructor(request, response, text) {
    this.request = request;
    this.status = response.statusCode;
    this.headers = response.headers;
    this.text = text;
  }

  get json() {
    try {
      return JSON.parse(this.text);
    } catch {
      throw new Error(`${this} is not JSON`);
    }
  }

  /** The answer itself if its status is the one expected; else a failure that shows the whole of it. */
  expect(status) {
    if (this.status !== status) throw new Error(`expected ${status}: ${this}`);
    return this;
  }

  toString() {
    return `${this.request} answered ${this.status} ${this.text.slice(0, 2000)}`;
  }
}

export const basic = (user, password) => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
});

export const bearer = (token) => ({ authorization: `Bearer ${token}` });
