/** Webhooks of one account that a claim looks at, so that one with very many costs the others little. */
const MAX_WEBHOOKS_A_CLAIM = 500;

/** Before a lane of a failing webhook come so many of each webhook of the same account that works. */
const LANES_BEFORE_FAILING = 4;

const LAST_UUID = `'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid`;

const IS_FAILING = `webhooks.enabled AND coalesce(webhooks.last_failure_at > coalesce(webhooks.last_success_at, '-infinity'), false)`;

/** Of a row `first` of the deliveries; see `DueDelivery`. */
const DUE_DELIVERY = `first.id AS "deliveryId", first.event_id AS "eventId", first.event, first.body, first.attempts,
    extract(epoch FROM clock_timestamp() - first.created_at)::double precision AS "queuedSeconds",
    webhooks.instance_id AS "instanceId", instances.account_id AS "accountId", instances.name AS instance, webhooks.label,
    webhooks.enabled, ${IS_FAILING} AS "isFailing", webhooks.updated_at AS "configuredAt", webhooks.url,
    webhooks.sealed_url AS "sealedUrl", webhooks.headers, webhooks.by_events AS "byEvents",
    webhooks.authorization_value AS "authorizationValue", webhooks.secret,
    CASE WHEN webhooks.previous_secret_until > now() THEN webhooks.previous_secret END AS "previousSecret"`;

/**
 * Accounts take turns, and within an account its webhooks: who has the fewest lanes at work is first, and only then what
 * waits longest. Accounts and webhooks with lanes are found by skipping through the index from one to the next: what a receiver that
 * is down has left waiting is not read. The webhooks of an account are looked at from a random one on, and round to it.
 * Failing = the last signal of the receiver was a failure. What is chosen is locked by its place in the table, since the planner cannot
 * know that it is few rows.
 */
export const CLAIM = `
  WITH RECURSIVE start (webhook_id) AS MATERIALIZED (SELECT gen_random_uuid()),
  accounts (account_id) AS (
    (SELECT account_id FROM webhook_lanes ORDER BY account_id LIMIT 1)
    UNION ALL
    SELECT (SELECT next.account_id FROM webhook_lanes next WHERE next.account_id > accounts.account_id
            ORDER BY next.account_id LIMIT 1)
    FROM accounts WHERE accounts.account_id IS NOT NULL
  ), free (account_id, busy, places) AS (
    SELECT account_id, busy, ceil(($4::integer + busy) * $5::numeric)::integer - busy
    FROM accounts CROSS JOIN LATERAL (SELECT coalesce(($1::jsonb ->> account_id::text)::integer, 0) AS busy) counted
    WHERE account_id IS NOT NULL AND busy < ceil(($4::integer + busy) * $5::numeric)
  ), due AS (
    SELECT first.row_at, free.busy + first.turn AS turn, first.due_at
    FROM free CROSS JOIN LATERAL (
      WITH RECURSIVE waiting (webhook_id, is_wrapped, seen) AS (
        SELECT webhook_id, false, 0 FROM start
        UNION ALL
        SELECT next.webhook_id, next.is_wrapped, waiting.seen + 1
        FROM waiting CROSS JOIN start CROSS JOIN LATERAL (
          (SELECT lanes.webhook_id, waiting.is_wrapped FROM webhook_lanes lanes
           WHERE lanes.account_id = free.account_id AND lanes.webhook_id > waiting.webhook_id
             AND lanes.webhook_id < CASE WHEN waiting.is_wrapped THEN start.webhook_id ELSE ${LAST_UUID} END
           ORDER BY lanes.webhook_id LIMIT 1)
          UNION ALL
          (SELECT lanes.webhook_id, true FROM webhook_lanes lanes
           WHERE NOT waiting.is_wrapped AND lanes.account_id = free.account_id AND lanes.webhook_id < start.webhook_id
           ORDER BY lanes.webhook_id LIMIT 1)
          LIMIT 1
        ) next
        WHERE waiting.seen < ${MAX_WEBHOOKS_A_CLAIM}
      )
      SELECT lanes.row_at, lanes.due_at,
        row_number() OVER (ORDER BY lanes.turn * CASE WHEN webhook.is_failing THEN ${LANES_BEFORE_FAILING} ELSE 1 END,
          lanes.due_at) AS turn
      FROM waiting JOIN webhooks ON webhooks.id = waiting.webhook_id
      CROSS JOIN LATERAL (
        SELECT coalesce(($2::jsonb ->> webhooks.id::text)::integer, 0) AS busy, ${IS_FAILING} AS is_failing
      ) webhook
      CROSS JOIN LATERAL (
        SELECT ctid AS row_at, due_at, webhook.busy + row_number() OVER (ORDER BY due_at) AS turn FROM webhook_lanes
        WHERE webhook_lanes.account_id = free.account_id AND webhook_lanes.webhook_id = webhooks.id AND due_at <= now()
        ORDER BY due_at
        LIMIT greatest(0, CASE WHEN webhook.is_failing THEN $7::integer ELSE $6::integer END - webhook.busy)
      ) lanes
      WHERE NOT webhooks.enabled OR webhooks.paused_until IS NULL OR webhooks.paused_until <= now()
      ORDER BY turn LIMIT free.places
    ) first
    ORDER BY turn, due_at LIMIT $3
  ), locked AS (
    SELECT ctid AS row_at FROM webhook_lanes
    WHERE ctid = ANY (ARRAY(SELECT row_at FROM due)) AND due_at <= now() FOR UPDATE SKIP LOCKED
  ), claimed AS (
    UPDATE webhook_lanes SET claimed_by = $8, due_at = now() + make_interval(secs => $9)
    WHERE ctid = ANY (ARRAY(SELECT row_at FROM locked))
    RETURNING webhook_id, lane
  )
  SELECT claimed.webhook_id AS "webhookId", claimed.lane, ${DUE_DELIVERY}
  FROM claimed JOIN webhooks ON webhooks.id = claimed.webhook_id JOIN instances ON instances.id = webhooks.instance_id
  LEFT JOIN LATERAL (
    SELECT * FROM webhook_deliveries
    WHERE webhook_id = claimed.webhook_id AND lane = claimed.lane AND status = 'pending' ORDER BY position LIMIT 1
  ) first ON true`;

/**
 * Stores outcomes, many at a time, and says what becomes of each lane. What another process has claimed meanwhile is left to it, and so
 * is a webhook that is locked. The instance is locked before its webhooks, as whoever deletes it does.
 *
 * The statement sees deliveries as they were when it began. A lane whose row has changed since, because a delivery was added, may
 * hold more than is seen: it is returned, not ended.
 */
export const SETTLE = `
  WITH given AS MATERIALIZED (
    SELECT * FROM json_to_recordset($1::json) AS given (place integer, "webhookId" uuid, lane text, "deliveryId" uuid,
      attempts integer, kind text, code integer, error text, "delaySeconds" double precision,
      "pauseSeconds" double precision, "goesOn" boolean, "isTried" boolean, "isGone" boolean,
      "configuredAt" timestamptz)
  ), seen AS MATERIALIZED (
    SELECT given.place, lanes.ctid AS row_at
    FROM given JOIN webhook_lanes lanes ON lanes.webhook_id = given."webhookId" AND lanes.lane = given.lane
  ), owners AS MATERIALIZED (
    SELECT id FROM instances
    WHERE id IN (SELECT instance_id FROM webhooks WHERE webhooks.id IN (SELECT "webhookId" FROM given))
    ORDER BY id FOR KEY SHARE SKIP LOCKED
  ), free AS MATERIALIZED (
    SELECT id, updated_at, enabled, enabled AND coalesce(paused_until > now(), false) AS is_paused FROM webhooks
    WHERE id IN (SELECT "webhookId" FROM given) AND instance_id IN (SELECT id FROM owners)
    ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
  ), held AS MATERIALIZED (
    SELECT given.*, lanes.ctid AS row_at, free.enabled, free.is_paused,
      CASE WHEN free.updated_at <> given."configuredAt" AND given.kind IN ('retry', 'dead') THEN 'released'
        ELSE given.kind END AS outcome
    FROM given JOIN free ON free.id = given."webhookId"
    JOIN webhook_lanes lanes ON lanes.webhook_id = given."webhookId" AND lanes.lane = given.lane
    WHERE lanes.claimed_by = $2
    ORDER BY lanes.webhook_id, lanes.lane FOR UPDATE OF lanes
  ), stored AS (
    UPDATE webhook_deliveries SET status = CASE held.outcome WHEN 'retry' THEN 'pending' ELSE held.outcome END,
      attempts = held.attempts + 1, response_status = held.code, error = held.error,
      settled_at = CASE WHEN held.outcome <> 'retry' THEN now() END
    FROM held
    WHERE webhook_deliveries.id = held."deliveryId" AND held.outcome IN ('delivered', 'retry', 'dead')
      AND webhook_deliveries.status = 'pending' AND webhook_deliveries.attempts = held.attempts
    RETURNING held.place, held."webhookId", held.outcome, held."isTried", held."pauseSeconds"
  ), counted AS (
    UPDATE webhooks SET delivered_count = delivered_count + delivered, dead_count = dead_count + dead,
      failed_attempts = failed_attempts + failed,
      last_success_at = CASE WHEN delivered > 0 THEN now() ELSE last_success_at END,
      last_failure_at = CASE WHEN failed > 0 THEN now() ELSE last_failure_at END,
      failing_since = CASE WHEN delivered > 0 THEN NULL WHEN failed > 0 THEN coalesce(failing_since, now())
        ELSE failing_since END,
      paused_until = CASE WHEN pause > 0 THEN greatest(paused_until, now() + make_interval(secs => pause))
        ELSE paused_until END
    FROM (
      SELECT "webhookId", count(*) FILTER (WHERE outcome = 'delivered') AS delivered,
        count(*) FILTER (WHERE outcome = 'dead') AS dead,
        count(*) FILTER (WHERE outcome <> 'delivered' AND "isTried") AS failed, max("pauseSeconds") AS pause
      FROM stored GROUP BY "webhookId"
    ) outcomes
    WHERE webhooks.id = outcomes."webhookId"
    RETURNING webhooks.id, pause > 0 AS pauses,
      $4::integer > 0 AND coalesce(failing_since <= now() - make_interval(days => $4::integer), false) AS is_hopeless
  ), fates AS MATERIALIZED (
    SELECT held.place, held."webhookId", held.lane, next.id AS next_id,
      CASE WHEN held.outcome = 'retry' THEN held."delaySeconds" WHEN ending.webhook_ends THEN $3 ELSE 0 END AS delay,
      CASE WHEN held.outcome IN ('retry', 'released') THEN 'returned'
        WHEN next.id IS NULL AND seen.row_at = held.row_at THEN 'ended'
        WHEN next.id IS NOT NULL AND held."goesOn" AND NOT held.is_paused AND counted.pauses IS NOT TRUE
          AND NOT ending.webhook_ends THEN 'renewed'
        ELSE 'returned' END AS fate
    FROM held JOIN seen ON seen.place = held.place
    LEFT JOIN counted ON counted.id = held."webhookId"
    CROSS JOIN LATERAL (
      SELECT held.enabled AND (held.outcome = 'dead' AND held."isGone" OR coalesce(counted.is_hopeless, false))
    ) ending (webhook_ends)
    LEFT JOIN LATERAL (
      SELECT id FROM webhook_deliveries
      WHERE webhook_id = held."webhookId" AND lane = held.lane AND status = 'pending'
        AND (id <> held."deliveryId" OR NOT EXISTS (SELECT FROM stored WHERE stored.place = held.place))
      ORDER BY position LIMIT 1
    ) next ON true
  ), ended AS (
    DELETE FROM webhook_lanes USING fates
    WHERE fates.fate = 'ended' AND webhook_lanes.webhook_id = fates."webhookId" AND webhook_lanes.lane = fates.lane
  ), kept AS (
    UPDATE webhook_lanes SET claimed_by = CASE fates.fate WHEN 'renewed' THEN claimed_by END,
      due_at = now() + make_interval(secs => CASE fates.fate WHEN 'renewed' THEN $3 ELSE fates.delay END)
    FROM fates
    WHERE fates.fate <> 'ended' AND webhook_lanes.webhook_id = fates."webhookId" AND webhook_lanes.lane = fates.lane
  )
  SELECT given."webhookId", given.lane, fates.fate,
    given.kind IN ('retry', 'dead') AND coalesce(held.outcome = 'released', false) AS "isReleased",
    free.id IS NULL AND EXISTS (SELECT FROM webhooks WHERE webhooks.id = given."webhookId") AS "isLocked",
    coalesce(counted.is_hopeless, false) AS "isHopeless", ${DUE_DELIVERY}
  FROM given
  LEFT JOIN free ON free.id = given."webhookId"
  LEFT JOIN held ON held.place = given.place
  LEFT JOIN counted ON counted.id = given."webhookId"
  LEFT JOIN fates ON fates.place = given.place
  LEFT JOIN webhook_deliveries first ON first.id = fates.next_id AND fates.fate = 'renewed'
  LEFT JOIN webhooks ON webhooks.id = first.webhook_id
  LEFT JOIN instances ON instances.id = webhooks.instance_id
  ORDER BY given.place`;

export const HURRIED_AT_ONCE = 1000;
export const HURRY = `
  WITH waiting AS (
    SELECT ctid AS row_at FROM webhook_lanes
    WHERE webhook_id = $1 AND due_at > now() AND claimed_by IS NULL AND account_id = (
      SELECT account_id FROM webhooks JOIN instances ON instances.id = webhooks.instance_id WHERE webhooks.id = $1)
    ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED
  )
  UPDATE webhook_lanes SET due_at = now() WHERE ctid = ANY (ARRAY(SELECT row_at FROM waiting))`;
