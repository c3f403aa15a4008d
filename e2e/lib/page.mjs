// Serves the built page on an origin of its own, and shows it to a browser.
import { once } from 'node:events';
import { mkdir, readFile } from 'node:fs/promises';
import http from 'node:http';
import { extname, join, normalize } from 'node:path';

import { chromium } from 'playwright-core';

const ROOT = join(import.meta.dirname, '../dist');
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css' };
const PICTURES = join(import.meta.dirname, '../.cache/screenshots');

export class Page {
  static async serve() {
    const page = new Page();
    page.server = http.createServer((request, response) => page.answer(request, response));
    // On every loopback address, as `localhost` may be any of them.
    page.server.listen(0, 'localhost');
    await once(page.server, 'listening');
    page.origin = `http://localhost:${page.server.address().port}`;
    return page;
  }

  /** What the page learns of the server: `{ baseUrl, clientId }`. */
  settings = {};

  async answer(request, response) {
    const { pathname } = new URL(request.url, this.origin);
    if (pathname === '/settings.js') {
      response.writeHead(200, { 'content-type': TYPES['.js'] });
      return response.end(`window.settings = ${JSON.stringify(this.settings)};`);
    }
    const file = normalize(join(ROOT, pathname === '/' ? 'index.html' : pathname));
    try {
      if (!file.startsWith(ROOT)) throw new Error('outside');
      const body = await readFile(file);
      response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  }

  close() {
    this.server.closeAllConnections();
    this.server.close();
  }
}

/** A new browser without any past; everything it said on its console or failed to load is in `complaints`. */
export async function openBrowser() {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  const context = await browser.newContext({ viewport: { width: 900, height: 700 } });
  const tab = await context.newPage();
  const complaints = [];
  const requests = [];
  tab.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`console: ${message.text()} (${message.location().url})`);
  });
  tab.on('pageerror', (error) => complaints.push(`uncaught: ${error}`));
  tab.on('requestfailed', (request) => {
    complaints.push(`failed: ${request.method()} ${request.url()} ${request.failure()?.errorText}`);
  });
  tab.on('response', (response) => requests.push(`${response.request().method()} ${response.url()} ${response.status()}`));
  return { browser, tab, complaints, requests };
}

/** Keeps a picture of what the browser shows; says where. */
export async function picture(tab, name) {
  await mkdir(PICTURES, { recursive: true });
  const path = join(PICTURES, `${name}.png`);
  await tab.screenshot({ path });
  return path;
}
