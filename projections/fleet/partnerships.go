package fleet

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/fleetledger/fleetledger/app/query"
)

// Partnerships lists those an account takes part in and that have not ended, by
// the partner's name.
func (r *Reader) Partnerships(ctx context.Context, f query.Freshness, account uuid.UUID) (query.List[query.PartnershipRow], error) {
	var l list
	uid := l.arg([16]byte(account))
	sql := `SELECT p.uid, p.reseller, p.customer, p.profile, nullif(p.until, 'infinity'), a.state, c.state
		FROM partnership_versions p
		JOIN account_versions a ON a.uid = CASE WHEN p.reseller = ` + uid + ` THEN p.customer ELSE p.reseller END AND ` + l.valid("a", f.Past()) + `
		JOIN account_versions c ON c.uid = p.customer AND ` + l.valid("c", f.Past()) + `
		WHERE ` + uid + ` IN (p.reseller, p.customer) AND NOT p.ended AND ` + l.valid("p", f.Past()) + `
		ORDER BY a.name_key, p.uid`
	return answer(ctx, r, "partnerships", f, func(tx pgx.Tx) (page query.List[query.PartnershipRow], err error) {
		rows, err := tx.Query(ctx, sql, l.args...)
		if err != nil {
			return page, err
		}
		page.Items, err = pgx.CollectRows(rows, scanPartnership)
		page.Total = len(page.Items)
		return page, err
	})
}

func scanPartnership(row pgx.CollectableRow) (query.PartnershipRow, error) {
	var p query.PartnershipRow
	var storedPartner, storedCustomer []byte
	var until *time.Time
	var profile string
	if err := row.Scan(&p.UID, &p.Reseller, &p.Customer, &profile, &until, &storedPartner, &storedCustomer); err != nil {
		return p, err
	}
	if until != nil {
		p.Until = until.UTC()
	}
	partner, err := accountTable.parse(storedPartner)
	if err != nil {
		return p, err
	}
	customer, err := accountTable.parse(storedCustomer)
	if err != nil {
		return p, err
	}
	p.Profile = customer.Profile(profile)
	p.PartnerName, p.PartnerType, p.Administrators = partner.Name, partner.Type, administrators(partner.State)
	return p, nil
}
