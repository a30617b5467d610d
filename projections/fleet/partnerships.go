package fleet

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// Partnerships lists those an account takes part in and that have not ended, by
// the partner's name.
func (r *Reader) Partnerships(ctx context.Context, f query.Freshness, account uuid.UUID) (query.List[query.PartnershipRow], error) {
	var l list
	uid := l.arg([16]byte(account))
	sql := `SELECT p.uid, p.reseller, p.customer, p.profile, nullif(p.until, 'infinity'), a.state, c.state->'Profiles'
		FROM partnership_versions p
		JOIN account_versions a ON a.uid = CASE WHEN p.reseller = ` + uid + ` THEN p.customer ELSE p.reseller END AND ` + l.valid("a", f.AsOf) + `
		JOIN account_versions c ON c.uid = p.customer AND ` + l.valid("c", f.AsOf) + `
		WHERE ` + uid + ` IN (p.reseller, p.customer) AND NOT p.ended AND ` + l.valid("p", f.AsOf) + `
		ORDER BY a.name_key, p.uid`
	var all []query.PartnershipRow
	position, err := r.read(ctx, f, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, sql, l.args...)
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(rows, scanPartnership)
		return err
	})
	if err != nil {
		return query.List[query.PartnershipRow]{}, fmt.Errorf("list partnerships: %w", err)
	}
	return query.List[query.PartnershipRow]{Items: all, Total: len(all), Position: position}, nil
}

func scanPartnership(row pgx.CollectableRow) (query.PartnershipRow, error) {
	var p query.PartnershipRow
	var state []byte
	var until *time.Time
	var profile string
	var own []rights.Profile
	if err := row.Scan(&p.UID, &p.Reseller, &p.Customer, &profile, &until, &state, &own); err != nil {
		return p, err
	}
	if until != nil {
		p.Until = until.UTC()
	}
	var partner accountState
	if err := json.Unmarshal(state, &partner); err != nil {
		return p, fmt.Errorf("state of an account: %w", err)
	}
	p.Profile = rights.Resolve(profile, own)
	p.PartnerName, p.PartnerType, p.Administrators = partner.Name, partner.Type, administrators(partner.State)
	return p, nil
}
