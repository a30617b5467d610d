// Package access says who calls and what the caller may do where.
package access
