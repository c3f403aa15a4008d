// A page with the published @asgardeo/react, unmodified, in Chromium. Page (localhost) and server (127.0.0.1) are
// different sites, so that nothing can lean on a cookie.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Admin } from '../lib/admin.mjs';
import { openBrowser, Page, picture } from '../lib/page.mjs';
import { Server } from '../lib/server.mjs';

let server, page, user, chromium;

before(async () => {
  page = await Page.serve();
  server = await Server.start();
  const admin = new Admin(server);
  const app = await admin.app({ redirectUri: page.origin, origins: [page.origin] });
  user = await admin.user();
  page.settings = { baseUrl: server.url, clientId: app.clientId };
  chromium = await openBrowser();
});
after(async () => {
  await chromium?.browser.close();
  page?.close();
  await server?.stop();
});

/** Runs a part of the story; if it fails, a picture and what the browser said come with the failure. */
async function scene(name, part) {
  const { tab, complaints, requests } = chromium;
  try {
    await part(tab);
  } catch (error) {
    const path = await picture(tab, `failed-${name}`);
    error.message += `\npicture: ${path}\n${[...requests.slice(-20), ...complaints].join('\n')}`;
    throw error;
  }
  if (process.env.PICTURES) await picture(tab, name);
}

const field = (name) => `[data-testid=asgardeo-signin-${name}]`;

test('the form shows a wrong password, signs in with the right one and signs out', { timeout: 90_000 }, async () => {
  const { tab, complaints, requests } = chromium;
  tab.setDefaultTimeout(20_000);

  await scene('1-form', async () => {
    await tab.goto(page.origin);
    await tab.waitForSelector(field('username'));
  });

  await scene('2-wrong-password', async () => {
    await tab.fill(field('username'), user.userName);
    await tab.fill(field('password'), 'not the password');
    await tab.click(field('submit'));
    await tab.waitForSelector('[role=alert]');
    assert.equal(new URL(tab.url()).search, '');
  });

  await scene('3-signed-in', async () => {
    await tab.fill(field('username'), user.userName);
    await tab.fill(field('password'), user.password);
    await tab.click(field('submit'));
    const name = tab.getByTestId('user-name');
    await name.filter({ hasText: user.userName }).waitFor();
  });

  await scene('4-signed-out', async () => {
    await tab.getByTestId('sign-out').click();
    await tab.waitForURL((url) => url.searchParams.get('state') === 'sign_out_success');
    assert.equal(new URL(tab.url()).origin, page.origin);
    await tab.waitForSelector(field('username'));
  });

  const called = new Set(requests.map((line) => line.replace(/\?[^ ]*/, '').replace(server.url, '')));
  for (const line of [
    'POST /oauth2/authorize 200',
    'POST /oauth2/authn 200',
    'POST /oauth2/token 200',
    'GET /oauth2/jwks 200',
    'GET /scim2/Me 200',
    'GET /scim2/Schemas 200',
    'GET /oidc/logout 302',
  ]) {
    assert.ok(called.has(line), `${line} was not among\n${[...called].join('\n')}`);
  }
  const cors = complaints.filter((line) => /CORS|Access-Control|ERR_FAILED|blocked|uncaught/i.test(line));
  assert.deepEqual(cors, []);
});
