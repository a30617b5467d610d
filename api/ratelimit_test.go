package api

import (
	"fmt"
	"testing"
	"time"
)

func TestCallersHaveTheirOwnBuckets(t *testing.T) {
	t.Parallel()
	c := newCallers(600)
	now := time.Date(2026, 3, 15, 12, 0, 0, 0, time.UTC)
	for n := range 100 {
		if c.take("wild", now) < 0 {
			t.Fatalf("refused after %d", n)
		}
	}
	if c.take("wild", now) >= 0 {
		t.Error("not refused")
	}
	if c.take("calm", now) < 0 {
		t.Error("another caller was refused")
	}
	if c.take("wild", now.Add(-time.Hour)) >= 0 {
		t.Error("a clock that went back filled the bucket")
	}
	if left := c.take("wild", now.Add(time.Second)); left < 8.99 || left > 9.01 {
		t.Errorf("%f left a second later", left)
	}
}

func TestCallersAreForgottenWhenFullAgain(t *testing.T) {
	t.Parallel()
	c := newCallers(600)
	now := time.Date(2026, 3, 15, 12, 0, 0, 0, time.UTC)
	for n := range manyCallers {
		c.take(fmt.Sprint(n), now)
	}
	c.take("one more", now.Add(time.Minute))
	if len(c.buckets) != 1 {
		t.Errorf("%d remembered", len(c.buckets))
	}
}
