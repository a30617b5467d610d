// Package query is the read side: the questions that the read models answer,
// the rows they answer with, and the port behind which they do. It is
// implemented beside the projections that fill them. Whoever asks has checked
// before what the caller may see.
package query
