import type {
  PlaywrightTestArgs,
  PlaywrightTestOptions,
  PlaywrightWorkerArgs,
  PlaywrightWorkerOptions,
  TestType,
} from '@playwright/test';

export { expect } from '@playwright/test';

/** A message of the native API. */
export interface Message {
  id: string;
  to: string;
  from: string;
  text: string | null;
  status: string;
  accepted_at: string;
  [field: string]: unknown;
}

export interface WaitOptions {
  /** Milliseconds; 15,000 if nothing is said. */
  timeout?: number;
  /** A search that the text must fit as well. */
  query?: string;
}

export interface Found {
  value?: string;
  since: string;
  message?: Message;
  [field: string]: unknown;
}

export interface KeptText {
  direction: 'to_phone' | 'from_phone';
  with: string;
  text?: string;
  binary_hex?: string;
  part_count: number;
  at: string;
}

/** The server did not do it; the message says why and what to do. */
export class Refused extends Error {
  readonly status: number;
  readonly document: Record<string, unknown>;
}

/** No such text came in time; the message says what came instead. */
export class WaitTimeout extends Error {
  readonly document: Record<string, unknown>;
}

/** A running server. */
export class Whimbrel {
  constructor(server: { url: string; token?: string; environment?: Record<string, string> });
  readonly url: string;
  /** What an application needs to send through it. */
  readonly environment: Record<string, string>;
  call(
    method: string,
    path: string,
    options?: { body?: unknown; query?: Record<string, unknown>; milliseconds?: number },
  ): Promise<any>;
  /** Messages that fit a search, the newest first. */
  messages(query?: string, limit?: number): Promise<Message[]>;
  /** Waits for a text. */
  wait(
    options?: WaitOptions & { to?: string; extract?: 'otp' | 'link' | 'text'; since?: string; account?: string },
  ): Promise<Found>;
}

/** A leased phone. */
export class Phone {
  /** In international form, with `+`. */
  readonly number: string;
  /** From where the next wait starts. */
  since: string;
  waitForOtp(options?: WaitOptions): Promise<string>;
  waitForLink(options?: WaitOptions): Promise<string>;
  waitForText(options?: WaitOptions): Promise<string>;
  /** What was said at it, the oldest first; a text once the carrier has brought it, a moment after a wait for it was answered. */
  texts(): Promise<KeptText[]>;
  /** It sends a text to a number of the server. */
  reply(to: string, text: string): Promise<unknown>;
  set(changes: { setting?: 'on' | 'off'; outcome?: string; after?: string }): Promise<unknown>;
}

export interface LeaseWishes {
  country?: string;
  outcome?: string;
  after?: string;
  ttl?: string;
  note?: string;
}

/** Leases phones, and gives all of them back. */
export class Phones {
  readonly leased: Phone[];
  lease(wishes?: LeaseWishes): Promise<Phone>;
  release(): Promise<void>;
}

/** The server's clock. */
export class Clock {
  /** Puts it forward by a time such as `10m`; the new time, RFC 3339. */
  advance(by: string): Promise<string>;
  reset(): Promise<string>;
}

export interface WhimbrelFixtures {
  phone: Phone;
  phones: Phones;
  clock: Clock;
}

export interface WhimbrelWorkerFixtures {
  whimbrel: Whimbrel;
  /** A server that runs already. */
  whimbrelUrl: string | undefined;
  /** The program to start, if none does. */
  whimbrelBinary: string;
}

export const test: TestType<
  PlaywrightTestArgs & PlaywrightTestOptions & WhimbrelFixtures,
  PlaywrightWorkerArgs & PlaywrightWorkerOptions & WhimbrelWorkerFixtures
>;
