package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/accounts"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
)

// benchClient is the operator, calling over the loopback.
type benchClient struct {
	address, token string
	client         *http.Client
	reseller       uuid.UUID
	customers      []uuid.UUID
}

// benchCustomers are on the page that is read.
const benchCustomers = 50

// send makes a request and gives the body of its answer; one that is no success is an
// error.
func (c *benchClient) send(ctx context.Context, method, path string, body any) ([]byte, error) {
	var content io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		content = bytes.NewReader(encoded)
	}
	r, err := http.NewRequestWithContext(ctx, method, c.address+path, content)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	r.Header.Set("Content-Type", "application/json")
	if strings.HasPrefix(path, "/v1/customers") {
		r.Header.Set("X-Account", c.reseller.String())
	}
	answer, err := c.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	got, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode >= http.StatusMultipleChoices {
		err = fmt.Errorf("%s %s: %d %.300s", method, path, answer.StatusCode, got)
	}
	return got, err
}

// serving opens the edge on the loopback, and a reseller with customers.
func (b *benchRun) serving(ctx context.Context) error {
	b.http = &benchClient{
		token: access.Random(), client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}},
	}
	server, err := newServer(ctx, b.engine, b.config, edgeConfig{}, b.http.token, prometheus.NewRegistry(), quiet())
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	b.http.address = "http://" + listener.Addr().String()
	go func() { _ = server.Serve(ctx, listener) }() // until the measuring ends
	made, err := b.app.Accounts.Create(ctx, benchOperator, benchAccount("Bench", account.Reseller))
	if err != nil {
		return err
	}
	b.http.reseller = made.UID
	own := access.Caller{Actor: domain.Actor{Kind: domain.ActorToken, ID: "bench", Account: made.UID}, Administrator: true}
	for i := range benchCustomers {
		made, err := b.app.Accounts.CreateCustomer(ctx, own, benchAccount(fmt.Sprint("Customer ", i), ""))
		if err != nil {
			return err
		}
		b.http.customers = append(b.http.customers, made.UID)
	}
	return nil
}

func benchAccount(name string, kind account.Type) accounts.Create {
	return accounts.Create{Name: name, Type: kind, Administrator: account.Contact{Email: uuid.NewString() + "@bench.example", Name: name}}
}

// renaming has 16 callers rename a device each, over HTTP.
func (b *benchRun) renaming(ctx context.Context) error {
	var next atomic.Int64
	rate, err := b.perSecond(ctx, 16, func(ctx context.Context) error {
		n := next.Add(1)
		_, err := b.http.send(ctx, http.MethodPatch, "/v1/devices/"+benchSerial(int(n)%min(b.Devices, 1000)), map[string]string{"name": fmt.Sprint("name ", n)})
		return err
	})
	if err != nil {
		return err
	}
	b.add(figure{ID: "http_16", What: "commands over HTTP (rename a device), 16 callers", Value: rate, Unit: "/s", Limit: b.appends[16], LimitWhat: "append_16"})
	return b.caughtUp(ctx)
}

// reading reads the Customers page of 50: as often as 16 callers can, beside a prepared
// SELECT of 50 rows of the answer's width; and as of a moment ago, beside that of now.
func (b *benchRun) reading(ctx context.Context) error {
	const page = "/v1/customers?sort=-red&limit=50"
	answer, err := b.http.send(ctx, http.MethodGet, page, nil)
	if err != nil {
		return err
	}
	if _, err := b.pool.Exec(ctx, `CREATE TABLE bench_page AS SELECT n, repeat('x', $1) AS data FROM generate_series(1, 50) n`, len(answer)/50); err != nil {
		return err
	}
	rate, limit, err := b.paired(ctx, 16, func(ctx context.Context) error {
		_, err := b.http.send(ctx, http.MethodGet, page, nil)
		return err
	}, func(ctx context.Context) error { return selectPage(ctx, b.pool) })
	if err != nil {
		return err
	}
	b.add(figure{
		ID: "page_rate", What: "Customers pages of 50 over HTTP, 16 callers", Value: rate, Unit: "/s", Limit: limit, LimitWhat: "a prepared SELECT of 50 rows of that width",
	})
	past := page + "&asOf=" + url.QueryEscape(b.clock.Now().UTC().Format(time.RFC3339Nano))
	var live, then []float64
	for range 100 {
		for path, took := range map[string]*[]float64{page: &live, past: &then} {
			begun := time.Now()
			if _, err := b.http.send(ctx, http.MethodGet, path, nil); err != nil {
				return err
			}
			*took = append(*took, time.Since(begun).Seconds()*1000)
		}
	}
	slices.Sort(live)
	slices.Sort(then)
	b.add(figure{ID: "asof", What: "the Customers page as of a moment ago, p50", Value: median(then), Unit: "ms", Limit: median(live), LimitWhat: "that of now"})
	return nil
}

func selectPage(ctx context.Context, pool *pgxpool.Pool) error {
	rows, err := pool.Query(ctx, `SELECT n, data FROM bench_page ORDER BY n LIMIT 50`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if _, err := rows.Values(); err != nil {
			return err
		}
	}
	return rows.Err()
}
