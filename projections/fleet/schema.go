package fleet

import "github.com/fleetledger/fleetledger/projections"

// Text is compared bytewise (collation C): the same order on every server. Names
// sort by their keys, which are case folded, and by a collation of people: Ä beside
// A, numbers by their value. It is deterministic, so what differs is never a tie. A
// server that was built without ICU sorts names bytewise, too.
var tables = []string{
	`DO $$ BEGIN
		CREATE COLLATION people (provider = icu, locale = 'und-u-kn-true');
	EXCEPTION WHEN feature_not_supported THEN
		CREATE COLLATION people (locale = 'C');
	END $$`,
	`CREATE TABLE device_versions (
		uid              uuid        NOT NULL,
		valid_from       timestamptz NOT NULL,
		valid_to         timestamptz NOT NULL,
		revision         bigint      NOT NULL,
		state            jsonb       NOT NULL,
		account          uuid        NOT NULL,
		name             text        NOT NULL,
		name_key         text COLLATE people NOT NULL,
		serial_number    text COLLATE "C" NOT NULL,
		factor_kind      text COLLATE "C" NOT NULL,
		factor           text COLLATE "C" NOT NULL,
		model            text COLLATE "C" NOT NULL,
		offer            text COLLATE "C" NOT NULL,
		life_cycle       text COLLATE "C" NOT NULL,
		labels           text[]      NOT NULL,
		applied          uuid[]      NOT NULL, -- transfers, renewals, reversals and grants
		first_registered date,
		service_start    date,
		service_end      date,
		anchor_day       smallint    NOT NULL, -- of the service end
		auto_renew       boolean     NOT NULL,
		search           text COLLATE "C" NOT NULL, -- name, serial number, factor and ICCID as a search compares them
		sim              boolean     NOT NULL, -- it carries an ICCID
		CHECK (valid_from < valid_to))`,
	`CREATE UNIQUE INDEX device_version ON device_versions (uid, valid_to)`,

	`CREATE TABLE account_versions (
		uid                uuid        NOT NULL,
		valid_from         timestamptz NOT NULL,
		valid_to           timestamptz NOT NULL,
		revision           bigint      NOT NULL,
		state              jsonb       NOT NULL,
		name               text        NOT NULL,
		name_key           text COLLATE people NOT NULL,
		type               text COLLATE "C" NOT NULL,
		status             text COLLATE "C" NOT NULL,
		offers             text[]      NOT NULL,
		billing            text        NOT NULL,
		reseller           uuid,                 -- null: the operator created it
		created_at         timestamptz NOT NULL,
		invitation_expires timestamptz,
		search             text COLLATE "C" NOT NULL, -- the name as a search compares it
		people             jsonb       NOT NULL, -- administrators by their ids, as a search compares them
		invitation_due     timestamptz, -- when to record that it has run out; null once that was done
		CHECK (valid_from < valid_to))`,
	`CREATE UNIQUE INDEX account_version ON account_versions (uid, valid_to)`,

	`CREATE TABLE partnership_versions (
		uid        uuid        NOT NULL,
		valid_from timestamptz NOT NULL,
		valid_to   timestamptz NOT NULL,
		revision   bigint      NOT NULL,
		state      jsonb       NOT NULL,
		reseller   uuid        NOT NULL,
		customer   uuid        NOT NULL,
		profile    text COLLATE "C" NOT NULL,
		ended      boolean     NOT NULL,
		until      timestamptz NOT NULL, -- from when on it has ended by itself
		warned     int         NOT NULL, -- days before until of the last warning, 0: none
		CHECK (valid_from < valid_to))`,
	`CREATE UNIQUE INDEX partnership_version ON partnership_versions (uid, valid_to)`,

	`CREATE TABLE user_versions (
		uid                uuid        NOT NULL,
		valid_from         timestamptz NOT NULL,
		valid_to           timestamptz NOT NULL,
		revision           bigint      NOT NULL,
		state              jsonb       NOT NULL,
		account            uuid        NOT NULL,
		name_key           text COLLATE people NOT NULL,
		email_key          text COLLATE "C" NOT NULL,
		search             text COLLATE "C" NOT NULL, -- name and e-mail as a search compares them
		status             text COLLATE "C" NOT NULL,
		created_at         timestamptz NOT NULL,
		invitation_expires timestamptz,
		invitation_due     timestamptz, -- when to record that it has run out; null once that was done
		email_change_due   timestamptz, -- likewise of a request for another address
		CHECK (valid_from < valid_to))`,
	`CREATE UNIQUE INDEX user_version ON user_versions (uid, valid_to)`,
	`CREATE INDEX user_by_account ON user_versions (account, valid_to)`,

	`CREATE TABLE audit_grant_versions (
		uid        uuid        NOT NULL,
		valid_from timestamptz NOT NULL,
		valid_to   timestamptz NOT NULL,
		revision   bigint      NOT NULL,
		state      jsonb       NOT NULL,
		accounts   uuid[]      NOT NULL,
		granted_at timestamptz NOT NULL,
		expires_at timestamptz NOT NULL,
		ended      boolean     NOT NULL,
		CHECK (valid_from < valid_to))`,
	`CREATE UNIQUE INDEX audit_grant_version ON audit_grant_versions (uid, valid_to)`,

	// Facts with their times, which need no versions (see facts).
	`CREATE TABLE sign_ins (
		account uuid        NOT NULL, -- that of the user
		at      timestamptz NOT NULL,
		PRIMARY KEY (account, at))`,
	`CREATE TABLE registrations (
		device   uuid        NOT NULL,
		revision bigint      NOT NULL,
		at       timestamptz NOT NULL,
		account  uuid        NOT NULL, -- that got the device
		partner  uuid,                 -- account of whoever registered it; null: the operator's
		PRIMARY KEY (device, revision))`,
	`CREATE TABLE transfers (
		transfer    uuid        NOT NULL,
		device      uuid        NOT NULL,
		at          timestamptz NOT NULL,
		source      uuid        NOT NULL,
		target      uuid        NOT NULL,
		reversed_at timestamptz,
		PRIMARY KEY (transfer, device))`,
	// Requests to move devices, and what became of each device by the record: the
	// devices themselves say which were moved (transfers), see transfers.go.
	`CREATE TABLE transfer_requests (
		uid          uuid        PRIMARY KEY,
		account      uuid,                   -- that asked; null: the operator
		source       uuid        NOT NULL,
		target       uuid        NOT NULL,
		offer        text        NOT NULL,
		plan         uuid,
		reason       text        NOT NULL,
		requested_at timestamptz NOT NULL,
		actor        jsonb       NOT NULL)`,
	`CREATE TABLE transfer_devices (
		transfer  uuid    NOT NULL,
		index     int     NOT NULL, -- in the request
		device    uuid,             -- null: no device can be called so
		refused   boolean NOT NULL DEFAULT false,
		in_source boolean NOT NULL DEFAULT false, -- of a refused one: the source account had it
		PRIMARY KEY (transfer, index))`,
	`CREATE TABLE transfer_plans (
		uid          uuid        PRIMARY KEY,
		account      uuid,                   -- whose plan it is; null: the operator's
		source       uuid        NOT NULL,
		target       uuid        NOT NULL,
		offer        text        NOT NULL,
		reason       text        NOT NULL,
		created_at   timestamptz NOT NULL,
		expires_at   timestamptz NOT NULL,
		total        int         NOT NULL,
		transferable int         NOT NULL DEFAULT 0,
		refused      int         NOT NULL DEFAULT 0)`,
	`CREATE TABLE release_requests (
		uid           uuid        PRIMARY KEY,
		owner         uuid        NOT NULL, -- that had the device
		requester     uuid        NOT NULL,
		device        uuid        NOT NULL,
		serial_number text COLLATE "C" NOT NULL,
		reason        text        NOT NULL,
		requested_at  timestamptz NOT NULL,
		status        text COLLATE "C" NOT NULL,
		answered_at   timestamptz)`,
	// Renewals, by order or from before there were orders, and what became of their
	// devices; account is the one that a device was in.
	`CREATE TABLE renewals (
		uid        uuid        PRIMARY KEY,
		account    uuid,                   -- that ordered; null: the operator
		term       text        NOT NULL,
		until      date,
		align      text        NOT NULL,
		offer      text        NOT NULL,   -- empty: as before
		number     text        NOT NULL,
		number_key text COLLATE "C" NOT NULL,
		note       text        NOT NULL,
		ordered_at timestamptz NOT NULL,
		actor      jsonb       NOT NULL)`,
	`CREATE TABLE renewal_devices (
		renewal    uuid NOT NULL,
		device     uuid NOT NULL,
		account    uuid NOT NULL,
		status     text COLLATE "C" NOT NULL,
		changed_at timestamptz NOT NULL, -- when it became that
		applied_at timestamptz,
		PRIMARY KEY (renewal, device))`,
	// The latest request of a reseller for each partnership; there may be no such account.
	`CREATE TABLE partnership_requests (
		uid          uuid        PRIMARY KEY,
		reseller     uuid        NOT NULL,
		customer     uuid        NOT NULL,
		state        text COLLATE "C" NOT NULL,
		profile      text COLLATE "C" NOT NULL,
		until        timestamptz,
		note         text        NOT NULL,
		requested_at timestamptz NOT NULL,
		answered_at  timestamptz,
		reason       text        NOT NULL)`,
	`CREATE TABLE allocations (
		uid           uuid        NOT NULL,
		device        uuid        NOT NULL,
		serial_number text COLLATE "C" NOT NULL,
		account       uuid        NOT NULL,
		old_end       date,
		until         date        NOT NULL,
		parked        boolean     NOT NULL,
		reason        text        NOT NULL,
		granted_at    timestamptz NOT NULL,
		actor         jsonb       NOT NULL,
		PRIMARY KEY (uid, device))`,

	// Monthly notices, see notices.go. Their recipients are persons: what an erasure
	// takes away is in notice_recipients alone.
	`CREATE TABLE notice_rounds (
		uid      uuid    PRIMARY KEY,
		reseller uuid    NOT NULL,
		on_day   date    NOT NULL,
		closed   boolean NOT NULL)`,
	`CREATE TABLE notice_recipients (
		round  uuid NOT NULL,
		person uuid NOT NULL,
		name   text NOT NULL,
		email  text NOT NULL,
		PRIMARY KEY (round, person))`,
	`CREATE TABLE notices (
		uid           uuid        PRIMARY KEY,
		round         uuid        NOT NULL,
		reseller      uuid        NOT NULL,
		customer      uuid        NOT NULL,
		on_day        date        NOT NULL,
		at            timestamptz NOT NULL,
		reason        text COLLATE "C" NOT NULL, -- why it was skipped; empty: it was not
		windows       jsonb       NOT NULL,
		total         int         NOT NULL,
		auto_renewing int         NOT NULL,
		seen_before   int         NOT NULL,
		expired       int         NOT NULL,
		in_windows    int[]       NOT NULL,
		mails         int         NOT NULL,
		sent          int         NOT NULL,
		failed        int         NOT NULL,
		unseen        int         NOT NULL,
		queued        boolean     NOT NULL, -- nothing of it is left to be handed to the mailer
		seen_at       timestamptz,
		seen_by       jsonb)`,
	`CREATE TABLE notice_mails (
		notice uuid        NOT NULL,
		person uuid        NOT NULL,
		role   text        NOT NULL,
		mail   uuid        NOT NULL,
		digest boolean     NOT NULL,
		state  text COLLATE "C" NOT NULL,
		at     timestamptz,
		reason text        NOT NULL,
		PRIMARY KEY (notice, person))`,
	`CREATE TABLE notice_devices (
		notice      uuid    NOT NULL,
		device      uuid    NOT NULL,
		service_end date    NOT NULL,
		auto_renew  boolean NOT NULL,
		seen_before boolean NOT NULL,
		seen        boolean NOT NULL,
		PRIMARY KEY (notice, device))`,
	`CREATE TABLE notice_choices (
		person   uuid PRIMARY KEY,
		account  uuid NOT NULL,
		delivery text COLLATE "C" NOT NULL)`,

	// Devices that are not retired, per account: what the Customers page shows
	// without looking at devices (see counts and days).
	`CREATE TABLE account_counts (
		account       uuid   PRIMARY KEY,
		total         bigint NOT NULL,
		active        bigint NOT NULL,
		auto_renewing bigint NOT NULL) WITH (fillfactor = 70)`,
	// Uncompressed, and in the row as long as a page has room for it, which is for 1,000
	// days: each number of a page looks into it anew.
	`CREATE TABLE account_days (
		account    uuid     NOT NULL,
		auto_renew boolean  NOT NULL,
		days       int[]    NOT NULL, -- service ends, in days since 1970, in order
		through    int[]    NOT NULL, -- devices whose services end up to and on each
		PRIMARY KEY (account, auto_renew)) WITH (toast_tuple_target = 8160)`,
	`ALTER TABLE account_days ALTER days SET STORAGE EXTERNAL, ALTER through SET STORAGE EXTERNAL`,
	`CREATE VIEW service_days AS SELECT d.account, d.auto_renew, date '1970-01-01' + e.day AS service_end, (d.through[e.n] - coalesce(d.through[e.n - 1], 0))::bigint AS count
		FROM account_days d, unnest(d.days) WITH ORDINALITY e (day, n)`,
}

var indexes = []projections.Index{
	// A device's list in an account by name, now; all versions of an account, then.
	{SQL: `CREATE INDEX device_by_account ON device_versions (account, valid_to, name_key, uid)`},
	// The Customers page of the past: ends of an account's devices, without their rows.
	{SQL: `CREATE INDEX device_ends ON device_versions (account, service_end, valid_to) INCLUDE (valid_from, life_cycle, auto_renew)`},
	{SQL: `CREATE INDEX device_by_name ON device_versions (name_key, uid) WHERE valid_to = 'infinity'`},
	{SQL: `CREATE INDEX device_renewing ON device_versions ((service_end::timestamp AT TIME ZONE 'UTC'), uid)
		WHERE valid_to = 'infinity' AND auto_renew`},
	{SQL: `CREATE INDEX device_applied ON device_versions USING gin (applied) WHERE valid_to = 'infinity' AND applied <> '{}'`},
	{SQL: `CREATE INDEX device_search ON device_versions USING gin (search gin_trgm_ops) WHERE valid_to = 'infinity'`, Extension: "pg_trgm"},
	{SQL: `CREATE INDEX device_with_sim ON device_versions (account) WHERE valid_to = 'infinity' AND sim`},
	{SQL: `CREATE INDEX account_by_name ON account_versions (name_key, uid) WHERE valid_to = 'infinity'`},
	{SQL: `CREATE INDEX account_invitation ON account_versions (invitation_due, uid) WHERE valid_to = 'infinity' AND invitation_due IS NOT NULL`},
	{SQL: `CREATE INDEX user_invitation ON user_versions (invitation_due, uid) WHERE valid_to = 'infinity' AND invitation_due IS NOT NULL`},
	{SQL: `CREATE INDEX user_email_change ON user_versions (email_change_due, uid) WHERE valid_to = 'infinity' AND email_change_due IS NOT NULL`},
	{SQL: `CREATE INDEX partnership_ending ON partnership_versions (until, uid) WHERE valid_to = 'infinity' AND NOT ended AND until < 'infinity'`},
	{SQL: `CREATE INDEX renewal_by_time ON renewals (ordered_at DESC, uid)`},
	{SQL: `CREATE INDEX renewal_by_number ON renewals (number_key)`},
	{SQL: `CREATE INDEX renewal_by_device ON renewal_devices (device)`},
	{SQL: `CREATE INDEX renewal_by_account ON renewal_devices (account)`},
	{SQL: `CREATE INDEX notice_round_by_reseller ON notice_rounds (reseller, on_day)`},
	{SQL: `CREATE INDEX notice_by_reseller ON notices (reseller, on_day DESC)`},
	{SQL: `CREATE INDEX notice_by_customer ON notices (customer, on_day DESC)`},
	{SQL: `CREATE INDEX notice_mail_waiting ON notice_mails (notice) WHERE state = 'sending'`},
	{SQL: `CREATE INDEX notice_choice_by_account ON notice_choices (account)`},
	{SQL: `CREATE INDEX partnership_request_by_reseller ON partnership_requests (reseller)`},
	{SQL: `CREATE INDEX partnership_request_by_customer ON partnership_requests (customer)`},
	{SQL: `CREATE INDEX transfer_by_time ON transfer_requests (requested_at DESC, uid)`},
	{SQL: `CREATE INDEX transfer_by_plan ON transfer_requests (plan) WHERE plan IS NOT NULL`},
	{SQL: `CREATE INDEX transfer_by_device ON transfer_devices (device)`},
	{SQL: `CREATE INDEX transfer_plan_by_account ON transfer_plans (account, created_at DESC, uid)`},
	{SQL: `CREATE INDEX release_by_owner ON release_requests (owner)`},
	{SQL: `CREATE INDEX release_by_requester ON release_requests (requester)`},
	{SQL: `CREATE INDEX partnership_by_reseller ON partnership_versions (reseller)`},
	{SQL: `CREATE INDEX partnership_by_customer ON partnership_versions (customer)`},
}
