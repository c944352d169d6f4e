import { findCanaries, type Canary } from './canaries.js';

const SECRET_FIELD = /token|secret|password|authorization|qrCode$|pairingCode/i;
const SECRET_VARIABLE = /_(?:TOKEN|KEY|KEYS_OLD)$/;
/** Public by its nature. */
const PUBLIC_VARIABLES = new Set(['SIMULATOR_ROOT_KEY']);
/** Shorter ones would be found by chance. */
const MIN_SECRET_LENGTH = 8;
const NUMBER = /^\d{10,15}$/;
/** A number without its country is still a number. */
const TELLING_DIGITS = 8;
/** Not the fraction of a measured value. */
const WHOLE_DIGITS = /(?<![.\d])\d{8,}/g;

/**
 * Knows what the product must not write, from its environment and from what tests send to it and get from it, and looks for
 * it in everything that the product wrote: its log, its errors, the bodies and headers of failed requests, its metrics.
 */
export class SecretWatch {
  private readonly secrets = new Map<string, Canary>();
  private readonly numbers = new Set<string>();
  private readonly failures = new Set<string>();
  private output = '';

  learnEnvironment(env: Readonly<Record<string, string>>): void {
    for (const [name, value] of Object.entries(env)) {
      if (SECRET_VARIABLE.test(name) && !PUBLIC_VARIABLES.has(name)) this.learn(name, value);
    }
    for (const name of ['DATABASE_URL', 'NATS_URL']) {
      const { [name]: url = '' } = env;
      if (URL.canParse(url)) this.learn(`password in ${name}`, decodeURIComponent(new URL(url).password));
    }
  }

  learn(name: string, secret: string): void {
    if (secret.length >= MIN_SECRET_LENGTH) this.secrets.set(secret, { name, secret });
  }

  /** Secrets and phone numbers of a body, by the names of its fields. */
  learnBody(body: unknown, name = ''): void {
    if (typeof body === 'string') {
      if (SECRET_FIELD.test(name)) this.learn(name, body);
      if (/number/i.test(name) && NUMBER.test(body)) this.numbers.add(body);
    } else if (typeof body === 'object' && body !== null) {
      for (const [field, value] of Object.entries(body)) {
        this.learnBody(value, Array.isArray(body) ? name : field);
      }
    }
  }

  /** What the product wrote to one of its outputs. */
  write(text: string): void {
    this.output += text;
  }

  /** Something that strangers may see: the answer to a failed request, the metrics. */
  writeAnswer(text: string): void {
    this.failures.add(text);
  }

  /** @throws Error that names the secrets which were found, and says where */
  check(): void {
    const answers = [...this.failures].join('\n');
    const found = [
      ...this.leaksIn(logged(this.output)).map((leak) => `${leak} in the log`),
      ...this.leaksIn(answers).map((leak) => `${leak} in a failed answer or the metrics`),
    ];
    if (found.length > 0) throw new Error(`The product wrote what it must not: ${found.join('; ')}`);
  }

  private leaksIn(text: string): string[] {
    const found = new Set<string>();
    const endings = new Set([...this.numbers].map((number) => number.slice(-TELLING_DIGITS)));
    for (const [digits] of text.matchAll(WHOLE_DIGITS)) {
      for (let at = 0; at + TELLING_DIGITS <= digits.length; at += 1) {
        const part = digits.slice(at, at + TELLING_DIGITS);
        if (endings.has(part)) found.add(`a number that ends in ${part.slice(-2)}`);
      }
    }
    return [...findCanaries([...this.secrets.values()], text), ...found];
  }
}

/** Without the words for people, where a first start shows its token on purpose. */
function logged(output: string): string {
  return output
    .split('\n')
    .filter((line) => !/rda_/.test(line) || line.startsWith('{'))
    .join('\n');
}
