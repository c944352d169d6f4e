import { awakeMs } from './node-life.js';
import type { Session, SessionRecord } from './session-record.js';
import type { Violation } from './violation.js';

/** How long a client may need to close a connection after the server has told it that it was replaced. */
const HAND_OVER_MS = 5000;
/** One that has been running for this long knows whether it is still taken for alive. */
const AWAKE_MS = 2000;
/** Between the two clocks, and for what is on its way. */
const SLACK_MS = 250;
/** From the decision to log in to the login. */
const LOGIN_MS = 1000;

export interface SessionVerdict {
  readonly overlappingLogins: Violation[];
  readonly stealBacks: Violation[];
  readonly staleStanzas: Violation[];
}

/** One session at a time, of the process that holds the instance, and nothing on the wire by those that held it before. */
export function judgeSessions(record: SessionRecord, now: number): SessionVerdict {
  const overlappingLogins: Violation[] = [];
  for (const instance of record.instances) {
    const sessions = record.sessionsOf(instance);
    sessions.forEach((session, index) => {
      const earlier = sessions.slice(0, index).filter(({ closedAt }) => closedAt > session.loggedInAt);
      for (const one of earlier) overlappingLogins.push(...overlap(one, session, now));
    });
  }
  return {
    overlappingLogins,
    stealBacks: record.sessions.flatMap((session) => unowned(record, session)),
    staleStanzas: record.sessions.flatMap((session) => stale(record, session)),
  };
}

function overlap(old: Session, { instance, life, loggedInAt: at }: Session, now: number): Violation[] {
  const openMs = awakeMs(old.life, at, Math.min(old.closedAt, now));
  const both = `${instance}: ${old.life.tag} was still logged in when ${life.tag} logged in`;
  if (openMs > HAND_OVER_MS) return [{ at, text: `${both}, and stayed so for ${Math.round(openMs)} ms` }];
  const wasWellAwake = awakeMs(old.life, at - AWAKE_MS, at) > AWAKE_MS - SLACK_MS;
  if (old.life !== life && wasWellAwake) return [{ at, text: `${both}, and was neither stopped nor dead` }];
  return [];
}

function unowned(record: SessionRecord, { instance, life, loggedInAt: at }: Session): Violation[] {
  const owners = record.ownersDuring(instance, { from: at - LOGIN_MS, to: at + SLACK_MS });
  if (owners.includes(life)) return [];
  const holder = record.ownerAt(instance, at)?.tag ?? 'nobody';
  return [{ at, text: `${instance}: ${life.tag} logged in while ${holder} held it` }];
}

/** The order of logins and stanzas is certain; when a claim was stored is told by another clock. */
function stale(record: SessionRecord, { instance, life, loggedInAt, stanzas }: Session): Violation[] {
  const successor = record
    .sessionsOf(instance)
    .find((other) => other.life !== life && other.loggedInAt > loggedInAt);
  return stanzas.flatMap(({ at, notBefore, tag }) => {
    const what = `${instance}: ${life.tag} sent <${tag}>`;
    if (successor && at > successor.loggedInAt) {
      const lateMs = at - successor.loggedInAt;
      return [{ at, text: `${what} ${lateMs} ms after ${successor.life.tag} had logged in` }];
    }
    const [first, ...more] = record.ownersDuring(instance, { from: notBefore - SLACK_MS, to: notBefore });
    if (!first || more.length > 0 || first === life) return [];
    return [{ at, text: `${what} while ${first.tag} held it` }];
  });
}
