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
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/fleetledger/fleetledger/app/access"
)

// benchClient is the operator, calling over the loopback.
type benchClient struct {
	address, token string
	client         *http.Client
	reseller       uuid.UUID
}

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

// serving opens the edge on the loopback until ctx ends.
func (b *benchRun) serving(ctx context.Context) error {
	b.http = &benchClient{
		token: access.Random(), client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}, reseller: b.seeded.reseller,
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
	return nil
}

// renaming has 16 callers rename a device each, over HTTP.
func (b *benchRun) renaming(ctx context.Context) error {
	var next atomic.Int64
	rate, err := b.perSecond(ctx, 16, func(ctx context.Context) error {
		n := next.Add(1)
		_, err := b.http.send(ctx, http.MethodPatch, "/v1/devices/"+benchSerial(int(n)%min(b.Registered, 1000)), map[string]string{"name": fmt.Sprint("name ", n)})
		return err
	})
	if err != nil {
		return err
	}
	b.add(figure{ID: "http_16", What: "commands over HTTP (rename a device), 16 callers", Value: rate, Unit: "/s", Limit: b.appends[16], LimitWhat: "append_16"})
	return b.caughtUp(ctx)
}

// customersPage is the page that is read: the first 50, sorted by a window.
const customersPage = "/v1/customers?sort=-red&limit=50"

// reading reads the Customers page as often as 16 callers can, beside a prepared SELECT
// of 50 rows of the answer's width.
func (b *benchRun) reading(ctx context.Context) error {
	answer, err := b.http.send(ctx, http.MethodGet, customersPage, nil)
	if err != nil {
		return err
	}
	if _, err := b.pool.Exec(ctx, `CREATE TABLE bench_page AS SELECT n, repeat('x', $1) AS data FROM generate_series(1, 50) n`, len(answer)/50); err != nil {
		return err
	}
	rate, limit, err := b.paired(ctx, 16, func(ctx context.Context) error {
		_, err := b.http.send(ctx, http.MethodGet, customersPage, nil)
		return err
	}, func(ctx context.Context) error { return selectPage(ctx, b.pool) })
	if err != nil {
		return err
	}
	b.add(figure{
		ID: "page_rate", What: "Customers pages of 50 over HTTP, 16 callers", Value: rate, Unit: "/s", Limit: limit, LimitWhat: "a prepared SELECT of 50 rows of that width",
	})
	return nil
}

// page compares the page with that of a tenth of the devices.
func (b *benchRun) page(ctx context.Context) error {
	now, err := b.readTimes(ctx, customersPage)
	if err != nil {
		return err
	}
	b.add(figure{
		ID: "page", What: fmt.Sprintf("the Customers page, %d customers, %d devices, p50", b.Customers, b.seeded.devices), Value: now[0], Unit: "ms",
		Limit: b.small.page, LimitWhat: fmt.Sprintf("the same with %d devices", b.small.devices),
	})
	return nil
}

// asOf compares the page as of a moment ago with that of now.
func (b *benchRun) asOf(ctx context.Context) error {
	took, err := b.readTimes(ctx, customersPage+"&asOf="+url.QueryEscape(b.clock.Now().UTC().Format(time.RFC3339Nano)), customersPage)
	if err != nil {
		return err
	}
	b.add(figure{ID: "asof", What: "the Customers page as of a moment ago, p50", Value: took[0], Unit: "ms", Limit: took[1], LimitWhat: "that of now"})
	return nil
}

// readTimes reads pages by turns, and gives the middle time of each in milliseconds.
func (b *benchRun) readTimes(ctx context.Context, paths ...string) ([]float64, error) {
	const times = 60
	took := make([][]float64, len(paths))
	for range times {
		for i, path := range paths {
			begun := time.Now()
			if _, err := b.http.send(ctx, http.MethodGet, path, nil); err != nil {
				return nil, err
			}
			took[i] = append(took[i], time.Since(begun).Seconds()*1000)
		}
	}
	middle := make([]float64, len(paths))
	for i := range took {
		middle[i] = median(took[i])
	}
	return middle, nil
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
