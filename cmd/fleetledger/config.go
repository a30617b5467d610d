package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"

	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"

	netmail "net/mail"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fleetledger/fleetledger/adapters/identity/issuer"
	"github.com/fleetledger/fleetledger/adapters/mail"
	"github.com/fleetledger/fleetledger/adapters/postgres/private"
	"github.com/fleetledger/fleetledger/adapters/telemetry"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
)

// Config is what every command takes, as flags or from the environment.
type Config struct {
	DataDir       string `help:"Folder in which the service keeps everything." env:"FLEETLEDGER_DATA_DIR" default:"./.fleetledger" placeholder:"DIR"`
	DatabaseURL   string `help:"PostgreSQL to use, postgres://...; empty runs a private one in the data folder." env:"FLEETLEDGER_DATABASE_URL" placeholder:"URL"`
	EventstoreURL string `help:"EventStoreDB to use, esdb://...; empty runs the embedded event node." env:"FLEETLEDGER_EVENTSTORE_URL" placeholder:"URL"`
	NodeAddr      string `help:"Offer the embedded event node on this loopback address too, such as 127.0.0.1:2113." env:"FLEETLEDGER_NODE_ADDR" placeholder:"HOST:PORT"`
	PgBin         string `help:"Folder of PostgreSQL's programs for the private server; empty searches for them." env:"FLEETLEDGER_PG_BIN" placeholder:"DIR"`
	AnalystAddr   string `help:"Let analysts reach the private PostgreSQL at this loopback address, such as 127.0.0.1:5433; empty: by its socket only, as the owner of the data folder." env:"FLEETLEDGER_ANALYST_ADDR" placeholder:"HOST:PORT"`
	Log           string `help:"Form of the log: text or json." env:"FLEETLEDGER_LOG" default:"text" placeholder:"FORM"`
	PublicURL     string `help:"Where clients reach the service; it stands in mails, and passkeys belong to its name. Empty: the address it listens on, on this machine as localhost." env:"FLEETLEDGER_PUBLIC_URL" placeholder:"URL"`
	SMTPURL       string `help:"Mail server, smtp://[USER:PASSWORD@]HOST[:PORT] or smtps://...; empty keeps mails in the outbox of the data folder." env:"FLEETLEDGER_SMTP_URL" name:"smtp-url" placeholder:"URL"`
	MailFrom      string `help:"Sender of mails; needed with a mail server." env:"FLEETLEDGER_MAIL_FROM" placeholder:"ADDRESS"`
	PersonKey     string `help:"Key that the keys of personal data are sealed with, 32 bytes in base64; empty makes one in the data folder." env:"FLEETLEDGER_PERSON_KEY" placeholder:"KEY"`
	LogLevel      string `help:"Lowest level that is logged: debug, info, warn or error." env:"FLEETLEDGER_LOG_LEVEL" default:"info" placeholder:"LEVEL"`

	Places           int           `help:"Devices a reseller account has room for." env:"FLEETLEDGER_PLACES" default:"20"`
	FreeTermMonths   int           `help:"Service term of a reseller's devices, which renews by itself, in months." env:"FLEETLEDGER_FREE_TERM_MONTHS" default:"60"`
	WarrantyMonths   int           `help:"Warranty from the first registration, in months." env:"FLEETLEDGER_WARRANTY_MONTHS" default:"12"`
	WarrantyCap      int           `help:"Months from the first registration up to which the warranty follows the service end." env:"FLEETLEDGER_WARRANTY_CAP" default:"60"`
	RenewalTerms     []string      `help:"Terms that can be ordered; an exact date always can." env:"FLEETLEDGER_RENEWAL_TERMS" default:"P1Y,P3Y,P5Y" placeholder:"TERM"`
	RenewalOrders    string        `help:"What becomes of renewal orders of others than the operator: review (they wait for the operator) or automatic (applied at once)." env:"FLEETLEDGER_RENEWAL_ORDERS" default:"review"`
	IncludedTransfer string        `help:"What a transfer within the included year gives: full (a new term) or remainder." env:"FLEETLEDGER_INCLUDED_TRANSFER" default:"full"`
	UndoHours        int           `help:"Hours for which whoever made a transfer may reverse it." env:"FLEETLEDGER_UNDO_HOURS" default:"24"`
	RetiredRelease   int           `help:"Days after which a request to release a retired device is granted by itself." env:"FLEETLEDGER_RETIRED_RELEASE_DAYS" name:"retired-release-days" default:"7"`
	PlanHours        int           `help:"Hours for which a transfer plan can be committed." env:"FLEETLEDGER_PLAN_HOURS" default:"24"`
	AuditDays        int           `help:"Days that an audit grant may last at most." env:"FLEETLEDGER_AUDIT_DAYS" default:"366"`
	DueEvery         time.Duration `help:"How often to look for what falls due by itself, such as automatic renewals." env:"FLEETLEDGER_DUE_EVERY" default:"1m" placeholder:"DURATION"`
	SecurityLogKeep  time.Duration `help:"How long entries of the security log are kept." env:"FLEETLEDGER_SECURITY_LOG_KEEP" default:"2160h" placeholder:"DURATION"`
	TidyEvery        time.Duration `help:"How often to remove from the database what has expired: idempotency keys, sessions, tokens." env:"FLEETLEDGER_TIDY_EVERY" default:"1h" placeholder:"DURATION"`
	Sandbox          bool          `help:"Add the sandbox clock, which can be moved ahead." env:"FLEETLEDGER_SANDBOX"`
	Warnings         string        `help:"Days before a partnership's end on which both sides are warned; empty: never." env:"FLEETLEDGER_PARTNERSHIP_WARNINGS" name:"partnership-warnings" default:"31,7,1" placeholder:"DAYS"`
	Windows          string        `help:"Last days of the three renewal windows." env:"FLEETLEDGER_WINDOWS" default:"30,60,90"`

	NoticeDays int           `help:"For how many days the monthly notices look ahead." env:"FLEETLEDGER_NOTICE_DAYS" default:"90"`
	NoticeHour int           `help:"Hour (UTC) of the 1st from which the monthly notices are sent." env:"FLEETLEDGER_NOTICE_HOUR" default:"6"`
	MailGiveUp time.Duration `help:"How long the service tries to send a mail." env:"FLEETLEDGER_MAIL_GIVE_UP" default:"96h" placeholder:"DURATION"`

	limitsConfig   `embed:""`
	webhooksConfig `embed:""`

	SessionLifetime   time.Duration `help:"How long a session lasts." env:"FLEETLEDGER_SESSION_LIFETIME" default:"12h"`
	SessionIdle       time.Duration `help:"How long a session lasts without being used; 0: no limit of its own." env:"FLEETLEDGER_SESSION_IDLE" default:"8h"`
	FreshSignIn       time.Duration `help:"How long after signing in tokens, administrators and security options can be made and changed without the password once more." env:"FLEETLEDGER_FRESH_SIGN_IN" default:"10m"`
	PasswordMinimum   int           `help:"Characters that a new password needs." env:"FLEETLEDGER_PASSWORD_MINIMUM" default:"12"`
	PasswordResetTime time.Duration `help:"How long a forgotten password can be replaced after the mail." env:"FLEETLEDGER_PASSWORD_RESET_TIME" default:"1h"`
	EmailChangeTime   time.Duration `help:"How long another e-mail address can be confirmed after the mail." env:"FLEETLEDGER_EMAIL_CHANGE_TIME" default:"24h"`
	SignInsByEmail    int           `help:"Attempts to sign in with one e-mail address within the window." env:"FLEETLEDGER_SIGN_INS_BY_EMAIL" default:"10"`
	SignInsByAddress  int           `help:"Attempts to sign in from one network address within the window." env:"FLEETLEDGER_SIGN_INS_BY_ADDRESS" default:"100"`
	SignInWindow      time.Duration `help:"Time in which attempts to sign in are counted." env:"FLEETLEDGER_SIGN_IN_WINDOW" default:"15m"`

	OIDCIssuer       string        `name:"oidc-issuer" help:"OpenID Connect issuer at which people may sign in, too; empty: none." env:"FLEETLEDGER_OIDC_ISSUER" placeholder:"URL"`
	OIDCClientID     string        `name:"oidc-client-id" help:"Client id of the service at the issuer." env:"FLEETLEDGER_OIDC_CLIENT_ID" placeholder:"ID"`
	OIDCClientSecret string        `name:"oidc-client-secret" help:"Client secret of the service at the issuer." env:"FLEETLEDGER_OIDC_CLIENT_SECRET" placeholder:"SECRET"`
	OIDCScopes       []string      `name:"oidc-scopes" help:"Scopes to ask for beside openid." env:"FLEETLEDGER_OIDC_SCOPES" default:"email" placeholder:"SCOPE"`
	OIDCTime         time.Duration `name:"oidc-time" help:"How long signing in at the issuer may take." env:"FLEETLEDGER_OIDC_TIME" default:"10m"`

	BackupEvery time.Duration `help:"How often one of the instances writes a backup by itself; 0: never." env:"FLEETLEDGER_BACKUP_EVERY" default:"0" placeholder:"DURATION"`
	BackupKeep  int           `help:"How many of these backups are kept." env:"FLEETLEDGER_BACKUP_KEEP" default:"7"`
	BackupDir   string        `help:"Folder of these backups, and of a second copy of the list kept apart; better on another disk." env:"FLEETLEDGER_BACKUP_DIR" placeholder:"DIR"`

	// Restoring lets a restore open what it has marked as unfinished.
	Restoring bool `kong:"-"`

	tracing *telemetry.Tracing // nil: nobody asks for traces
}

// validate reports every wrong value, naming its variable.
func (c *Config) validate() error {
	var wrong []string
	refuse := func(variable, format string, args ...any) {
		wrong = append(wrong, variable+": "+fmt.Sprintf(format, args...))
	}
	if c.DataDir == "" {
		refuse("FLEETLEDGER_DATA_DIR", "must name a folder")
	}
	checkURL(refuse, "FLEETLEDGER_DATABASE_URL", c.DatabaseURL, "postgres", "postgresql")
	checkURL(refuse, "FLEETLEDGER_EVENTSTORE_URL", c.EventstoreURL, storeSchemes...)
	checkURL(refuse, "FLEETLEDGER_PUBLIC_URL", c.PublicURL, "http", "https")
	if c.NodeAddr != "" {
		checkAddr(refuse, "FLEETLEDGER_NODE_ADDR", c.NodeAddr)
		if c.EventstoreURL != "" {
			refuse("FLEETLEDGER_NODE_ADDR", "goes with the embedded event node, not with FLEETLEDGER_EVENTSTORE_URL")
		}
	}
	if c.AnalystAddr != "" {
		if err := private.CheckListen(c.AnalystAddr); err != nil {
			refuse("FLEETLEDGER_ANALYST_ADDR", "%v", err)
		}
		if c.DatabaseURL != "" {
			refuse("FLEETLEDGER_ANALYST_ADDR", "goes with the private PostgreSQL, not with FLEETLEDGER_DATABASE_URL")
		}
	}
	if _, err := mail.NewServer(c.smtp()); c.SMTPURL != "" && errors.Is(err, mail.ErrURL) {
		refuse("FLEETLEDGER_SMTP_URL", "%v", err)
	}
	if _, err := netmail.ParseAddress(c.mailFrom()); err != nil {
		refuse("FLEETLEDGER_MAIL_FROM", "%q is not an address", c.MailFrom)
	} else if c.SMTPURL != "" && c.MailFrom == "" {
		refuse("FLEETLEDGER_MAIL_FROM", "is needed with FLEETLEDGER_SMTP_URL")
	}
	if c.NoticeDays < 1 || c.NoticeDays > 366 {
		refuse("FLEETLEDGER_NOTICE_DAYS", "%d is not from 1 to 366", c.NoticeDays)
	}
	if c.NoticeHour < 1 || c.NoticeHour > 23 {
		refuse("FLEETLEDGER_NOTICE_HOUR", "%d is not from 1 to 23", c.NoticeHour)
	}
	if c.MailGiveUp < time.Minute || c.MailGiveUp > 30*24*time.Hour {
		refuse("FLEETLEDGER_MAIL_GIVE_UP", "%s is not between 1m and 720h", c.MailGiveUp)
	}
	if _, err := parsePersonKey(c.PersonKey); c.PersonKey != "" && err != nil {
		refuse("FLEETLEDGER_PERSON_KEY", "%v", err)
	}
	if c.Log != "text" && c.Log != "json" {
		refuse("FLEETLEDGER_LOG", "%q is neither text nor json", c.Log)
	}
	if new(slog.LevelVar).UnmarshalText([]byte(c.LogLevel)) != nil {
		refuse("FLEETLEDGER_LOG_LEVEL", "%q is not one of debug, info, warn, error", c.LogLevel)
	}
	for variable, n := range map[string]int{
		"FLEETLEDGER_PLACES": c.Places, "FLEETLEDGER_FREE_TERM_MONTHS": c.FreeTermMonths,
		"FLEETLEDGER_SIGN_INS_BY_EMAIL": c.SignInsByEmail, "FLEETLEDGER_SIGN_INS_BY_ADDRESS": c.SignInsByAddress,
		"FLEETLEDGER_WARRANTY_MONTHS": c.WarrantyMonths, "FLEETLEDGER_WARRANTY_CAP": c.WarrantyCap,
		"FLEETLEDGER_UNDO_HOURS": c.UndoHours, "FLEETLEDGER_RETIRED_RELEASE_DAYS": c.RetiredRelease,
		"FLEETLEDGER_PLAN_HOURS": c.PlanHours, "FLEETLEDGER_AUDIT_DAYS": c.AuditDays,
	} {
		if n < 1 || n > 10_000 {
			refuse(variable, "%d is not between 1 and 10000", n)
		}
	}
	if _, err := c.renewalTerms(); err != nil {
		refuse("FLEETLEDGER_RENEWAL_TERMS", "%v", err)
	}
	for variable, d := range map[string]time.Duration{
		"FLEETLEDGER_SESSION_LIFETIME": c.SessionLifetime, "FLEETLEDGER_SIGN_IN_WINDOW": c.SignInWindow, "FLEETLEDGER_FRESH_SIGN_IN": c.FreshSignIn,
		"FLEETLEDGER_PASSWORD_RESET_TIME": c.PasswordResetTime, "FLEETLEDGER_EMAIL_CHANGE_TIME": c.EmailChangeTime,
	} {
		if d < time.Minute || d > 366*24*time.Hour {
			refuse(variable, "%s is not between a minute and a year", d)
		}
	}
	if c.SessionIdle != 0 && (c.SessionIdle < time.Minute || c.SessionIdle > 366*24*time.Hour) {
		refuse("FLEETLEDGER_SESSION_IDLE", "%s is neither 0 nor between a minute and a year", c.SessionIdle)
	}
	c.validateOIDC(refuse)
	c.validateLimits(refuse)
	c.validateWebhooks(refuse)
	if c.PasswordMinimum < 8 || c.PasswordMinimum > 64 {
		refuse("FLEETLEDGER_PASSWORD_MINIMUM", "%d is not between 8 and 64", c.PasswordMinimum)
	}
	if c.IncludedTransfer != "full" && c.IncludedTransfer != "remainder" {
		refuse("FLEETLEDGER_INCLUDED_TRANSFER", "%q is neither full nor remainder", c.IncludedTransfer)
	}
	if c.RenewalOrders != "review" && c.RenewalOrders != "automatic" {
		refuse("FLEETLEDGER_RENEWAL_ORDERS", "%q is neither review nor automatic", c.RenewalOrders)
	}
	for variable, d := range map[string]time.Duration{"FLEETLEDGER_DUE_EVERY": c.DueEvery, "FLEETLEDGER_TIDY_EVERY": c.TidyEvery} {
		if d < time.Second || d > 24*time.Hour {
			refuse(variable, "%s is not between 1s and 24h", d)
		}
	}
	if day := 24 * time.Hour; c.SecurityLogKeep < day || c.SecurityLogKeep > 3660*day {
		refuse("FLEETLEDGER_SECURITY_LOG_KEEP", "%s is not between 24h and ten years", c.SecurityLogKeep)
	}
	c.validateBackups(refuse)
	if _, err := parseWarnings(c.Warnings); err != nil {
		refuse("FLEETLEDGER_PARTNERSHIP_WARNINGS", "%v", err)
	}
	if _, err := parseWindows(c.Windows); err != nil {
		refuse("FLEETLEDGER_WINDOWS", "%v", err)
	}
	if len(wrong) == 0 {
		return nil
	}
	slices.Sort(wrong)
	return errors.New(strings.Join(wrong, "; "))
}

func (c *Config) validateBackups(refuse func(string, string, ...any)) {
	if c.BackupEvery != 0 && (c.BackupEvery < time.Second || c.BackupEvery > 31*24*time.Hour) {
		refuse("FLEETLEDGER_BACKUP_EVERY", "%s is neither 0 nor between 1s and 744h", c.BackupEvery)
	}
	if c.BackupKeep < 1 || c.BackupKeep > 10_000 {
		refuse("FLEETLEDGER_BACKUP_KEEP", "%d is not between 1 and 10000", c.BackupKeep)
	}
	if c.BackupEvery != 0 && c.BackupDir == "" {
		refuse("FLEETLEDGER_BACKUP_DIR", "is needed with FLEETLEDGER_BACKUP_EVERY")
	}
}

// validateOIDC also keeps codes and secrets off networks where others listen.
func (c *Config) validateOIDC(refuse func(string, string, ...any)) {
	if c.OIDCTime < time.Minute || c.OIDCTime > time.Hour {
		refuse("FLEETLEDGER_OIDC_TIME", "%s is not between a minute and an hour", c.OIDCTime)
	}
	if c.OIDCIssuer == "" {
		if c.OIDCClientID != "" || c.OIDCClientSecret != "" {
			refuse("FLEETLEDGER_OIDC_ISSUER", "goes with FLEETLEDGER_OIDC_CLIENT_ID and FLEETLEDGER_OIDC_CLIENT_SECRET")
		}
		return
	}
	u, err := url.Parse(c.OIDCIssuer)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		refuse("FLEETLEDGER_OIDC_ISSUER", "is not a plain URL that starts with https://")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		refuse("FLEETLEDGER_OIDC_ISSUER", "must be https:// unless the issuer runs on this machine")
	}
	if c.OIDCClientID == "" {
		refuse("FLEETLEDGER_OIDC_CLIENT_ID", "goes with FLEETLEDGER_OIDC_ISSUER")
	}
	if c.OIDCClientSecret == "" {
		refuse("FLEETLEDGER_OIDC_CLIENT_SECRET", "goes with FLEETLEDGER_OIDC_ISSUER")
	}
}

func loopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

// issuer is where people may sign in, too; nil: nowhere.
func (c *Config) issuer() ports.Issuer {
	if c.OIDCIssuer == "" {
		return nil
	}
	return issuer.New(issuer.Options{
		Issuer: c.OIDCIssuer, ClientID: c.OIDCClientID, ClientSecret: c.OIDCClientSecret, Scopes: c.OIDCScopes,
	})
}

// storeSchemes are those of an event store's address.
var storeSchemes = []string{"esdb", "esdb+discover", "kurrentdb", "kurrentdb+discover"}

// checkURL never repeats the value: it may hold a password.
func checkURL(refuse func(string, string, ...any), variable, value string, schemes ...string) {
	if value == "" {
		return
	}
	u, err := url.Parse(value)
	if err == nil {
		for _, scheme := range schemes {
			if u.Scheme == scheme {
				return
			}
		}
	}
	refuse(variable, "is not a URL that starts with %s://", schemes[0])
}

func checkAddr(refuse func(string, string, ...any), variable, value string) {
	_, port, err := net.SplitHostPort(value)
	if _, portErr := strconv.ParseUint(port, 10, 16); err != nil || portErr != nil {
		refuse(variable, "%q is not HOST:PORT", value)
	}
}

// parseWindows reads the last days of the three windows, rising.
func parseWindows(s string) (query.Windows, error) {
	windows := query.DefaultWindows
	days := strings.Split(s, ",")
	if len(days) != len(windows) {
		return windows, fmt.Errorf("%q is not three days such as 30,60,90", s)
	}
	from := 0
	for i := range windows {
		to, err := strconv.Atoi(strings.TrimSpace(days[i]))
		if err != nil || to < from || to > 3650 {
			return windows, fmt.Errorf("%q is not three rising days such as 30,60,90", s)
		}
		windows[i].FromDay, windows[i].ToDay = from, to
		from = to + 1
	}
	return windows, nil
}

// parseWarnings reads days before an end.
func parseWarnings(s string) ([]int, error) {
	if strings.TrimSpace(s) == "" {
		return nil, nil
	}
	var days []int
	for text := range strings.SplitSeq(s, ",") {
		d, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || d < 1 || d > 366 {
			return nil, fmt.Errorf("%q is not days from 1 to 366 such as 31,7,1", s)
		}
		days = append(days, d)
	}
	return days, nil
}

// mailFrom is the sender of mails.
func (c *Config) mailFrom() string { return cmp.Or(c.MailFrom, "fleetledger@localhost") }

func (c *Config) smtp() mail.SMTPOptions { return mail.SMTPOptions{URL: c.SMTPURL, From: c.mailFrom()} }

// outbox is the folder that mails are kept in.
func (c *Config) outbox() string { return filepath.Join(c.DataDir, "outbox") }

func (c *Config) renewalTerms() ([]calendar.Term, error) {
	terms := make([]calendar.Term, len(c.RenewalTerms))
	for i, text := range c.RenewalTerms {
		var err error
		if terms[i], err = calendar.ParseTerm(strings.TrimSpace(text)); err != nil {
			return nil, err
		}
	}
	return terms, nil
}

func (c *Config) rules() device.Rules {
	terms, _ := c.renewalTerms() // validated
	return device.Rules{
		RenewalTerms: terms,
		Places:       c.Places, FreeTermMonths: c.FreeTermMonths,
		WarrantyMonths: c.WarrantyMonths, WarrantyCap: c.WarrantyCap,
		IncludedTransfer: c.IncludedTransfer,
		Undo:             time.Duration(c.UndoHours) * time.Hour,
		RetiredRelease:   time.Duration(c.RetiredRelease) * 24 * time.Hour,
	}
}

func (c *Config) logger(w io.Writer) *slog.Logger {
	level := new(slog.LevelVar)
	_ = level.UnmarshalText([]byte(c.LogLevel)) // validated
	options := &slog.HandlerOptions{Level: level}
	if c.Log == "json" {
		return slog.New(throttle(slog.NewJSONHandler(w, options)))
	}
	return slog.New(throttle(slog.NewTextHandler(w, options)))
}
