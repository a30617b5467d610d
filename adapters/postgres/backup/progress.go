package backup

// Progress is told how long work is getting on: what is done with which table,
// and how many rows of it are done, of as many (0: not known). Nil: nobody asks.
type Progress func(what, table string, done, of int64)

// progressRows is after how many rows somebody may want to know.
const progressRows = 10_000

func (p Progress) tell(what, table string, done, of int64) {
	if p != nil {
		p(what, table, done, of)
	}
}
