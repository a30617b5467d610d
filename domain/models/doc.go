// Package models is the operator's changes of the catalogue while the service runs:
// models defined beside those of the catalogue's file, revised, withdrawn.
//
// They are one stream. What it folds to up to an instant, laid over the file
// (State.Over), is the catalogue in force at that instant.
package models
