// Package account is the Account aggregate: a company on the platform.
package account
