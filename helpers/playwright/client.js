// A client of Whimbrel's native API, as far as tests need it.

/** The server did not do it; the message says why and what to do. */
export class Refused extends Error {
  constructor(status, document) {
    super(document.detail ?? `the server answered ${status}`);
    this.name = 'Refused';
    this.status = status;
    this.document = document;
  }
}

/** No such text came in time; the message says what came instead. */
export class WaitTimeout extends Error {
  constructor(document) {
    const others = (document.others ?? []).map((other) => {
      const text = other.text ? ` "${other.text}"` : '';
      return `\n  ${Math.round(other.ago_ms / 1000)} s ago to +${other.to}${text}: ${other.why_not}`;
    });
    super(`${document.detail ?? 'nothing came'}${others.join('')}`);
    this.name = 'WaitTimeout';
    this.document = document;
  }
}

/** A running server. */
export class Whimbrel {
  #token;

  constructor({ url, token, environment = {} }) {
    this.url = url.replace(/\/+$/, '');
    this.#token = token;
    this.environment = environment;
  }

  /** A call of the native API; throws `Refused` for what is no success. */
  async call(method, path, { body, query = {}, milliseconds = 0 } = {}) {
    const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
    const search = new URLSearchParams(given).toString();
    const headers = { 'content-type': 'application/json' };
    if (this.#token) headers.authorization = `Bearer ${this.#token}`;
    const answer = await fetch(`${this.url}/_whimbrel/v1/${path}${search ? `?${search}` : ''}`, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(milliseconds + 30_000),
    });
    const document = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Refused(answer.status, document);
    return document;
  }

  /** Messages that fit a search, the newest first. */
  async messages(query = '', limit = 50) {
    return (await this.call('GET', 'messages', { query: { q: query, limit } })).messages;
  }

  /** Waits for a text; the answer's document. Throws `WaitTimeout`. */
  async wait({ to, query, extract, since, account, timeout = 15_000 } = {}) {
    const asked = { to, q: query, extract, since, account, timeout: `${Math.round(timeout)}ms` };
    try {
      return await this.call('GET', 'wait', { query: asked, milliseconds: timeout });
    } catch (error) {
      throw error instanceof Refused && error.status === 408 ? new WaitTimeout(error.document) : error;
    }
  }
}

/** A leased phone. */
export class Phone {
  #whimbrel;

  constructor(whimbrel, lease) {
    this.#whimbrel = whimbrel;
    this.number = lease.number;
    this.since = lease.since;
  }

  waitForOtp(options) {
    return this.#wait('otp', options);
  }

  waitForLink(options) {
    return this.#wait('link', options);
  }

  waitForText(options) {
    return this.#wait('text', options);
  }

  async #wait(extract, { timeout, query } = {}) {
    const found = await this.#whimbrel.wait({ to: this.number, since: this.since, extract, timeout, query });
    this.since = found.since;
    return found.value;
  }

  texts() {
    return this.#whimbrel.call('GET', `phones/${encodeURIComponent(this.number)}`);
  }

  reply(to, text) {
    return this.#whimbrel.call('POST', `phones/${encodeURIComponent(this.number)}/reply`, { body: { to, text } });
  }

  set(changes) {
    return this.#whimbrel.call('PATCH', `phones/${encodeURIComponent(this.number)}`, { body: changes });
  }
}

/** Leases phones, and gives all of them back. */
export class Phones {
  #whimbrel;
  #note;

  constructor(whimbrel, note) {
    this.#whimbrel = whimbrel;
    this.#note = note;
    this.leased = [];
  }

  async lease(wishes = {}) {
    const phone = new Phone(this.#whimbrel, await this.#whimbrel.call('POST', 'leases', { body: { note: this.#note, ...wishes } }));
    this.leased.push(phone);
    return phone;
  }

  async release() {
    for (const phone of this.leased.splice(0)) {
      try {
        await this.#whimbrel.call('DELETE', `leases/${encodeURIComponent(phone.number)}`);
      } catch (error) {
        // Its time was over before.
        if (!(error instanceof Refused && error.status === 404)) throw error;
      }
    }
  }
}

/** The server's clock. */
export class Clock {
  #whimbrel;

  constructor(whimbrel) {
    this.#whimbrel = whimbrel;
  }

  async advance(by) {
    return (await this.#whimbrel.call('POST', 'clock', { body: { advance: by } })).now;
  }

  async reset() {
    return (await this.#whimbrel.call('DELETE', 'clock')).now;
  }
}
