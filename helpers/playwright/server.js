// Starts a server of the worker's own, and ends it.

import { spawn } from 'node:child_process';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const START_MS = 60_000;
const STOP_MS = 30_000;

/** `whimbrel serve --dev` on free ports, with a folder of its own. */
export async function start(binary) {
  const folder = await mkdtemp(join(tmpdir(), 'playwright-whimbrel-'));
  const readyFile = join(folder, 'ready.json');
  const logFile = join(folder, 'whimbrel.log');
  const log = await open(logFile, 'w');
  const line = ['serve', '--dev', '--http', '127.0.0.1:0', '--https', '127.0.0.1:0', '--simulator', '127.0.0.1:0'];
  line.push('--data-dir', join(folder, 'data'), '--ready-file', readyFile);
  // Settings of another server must not change this one.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('WHIMBREL_')));
  const child = spawn(binary, line, { env, stdio: ['ignore', log.fd, log.fd] });
  let failure;
  child.on('error', (error) => (failure = error));
  const ended = new Promise((resolve) => child.once('close', resolve));
  const isRunning = () => child.exitCode === null && child.signalCode === null && !failure;

  async function stop() {
    if (isRunning()) {
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      await ended;
      clearTimeout(late);
    }
    await log.close();
    await rm(folder, { recursive: true, force: true });
  }

  const deadline = Date.now() + START_MS;
  while (isRunning() && Date.now() < deadline) {
    try {
      const ready = JSON.parse(await readFile(readyFile, 'utf8'));
      const environment = { WHIMBREL_URL: ready.http, WHIMBREL_TOKEN: ready.admin_token, WHIMBREL_CA: ready.ca_pem };
      return { url: ready.http, token: ready.admin_token, environment, stop };
    } catch {
      await pause(20);
    }
  }
  const said = await readFile(logFile, 'utf8').catch(() => '');
  await stop();
  const why = failure ? `${failure.message}: set whimbrelBinary, WHIMBREL_BINARY or WHIMBREL_URL` : said;
  throw new Error(`whimbrel did not become ready: ${why}`);
}
