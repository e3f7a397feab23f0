package program

import (
	"crypto/sha256"

	"google.golang.org/grpc/status"

	"scavdiff/goharness/internal/observation"
	"scavdiff/goharness/internal/series"
	wire "scavdiff/goharness/internal/wire/pageheap/v1"
)

const (
	transcriptDigests = 5

	digestBytes = 16
	// idBytes is the length of a transcript's field program_id, which comes first.
	idBytes = 9
)

// runSeries makes and runs the programs of a series and answers with their digests.
func (r *Runner) runSeries(p *wire.Program) (transcript []byte, err error) {
	if err := validateSeries(p); err != nil {
		return nil, err
	}
	r.maker.Use(p.Series)
	one := &wire.Program{Id: p.Id, PhysPageSize: p.PhysPageSize, PhysHugePageSize: p.PhysHugePageSize}
	programCount := p.Series.GetProgramCount()
	digests := make([]byte, 0, digestBytes*programCount)
	for index := range programCount {
		one.Operations = r.maker.Operations(index)
		if r.scratch, err = r.runProgram(r.scratch[:0], one); err != nil {
			s := status.Convert(err)
			return nil, status.Errorf(s.Code(), "program %d of the series: %s", index, s.Message())
		}
		digest := sha256.Sum256(r.scratch[idBytes:])
		digests = append(digests, digest[:digestBytes]...)
	}
	transcript = make([]byte, 0, idBytes+8+len(digests))
	transcript = observation.AppendFixed64(transcript, transcriptProgramID, p.GetId())
	return observation.AppendMessage(transcript, transcriptDigests, digests), nil
}

func validateSeries(p *wire.Program) error {
	if err := validateHeader(p); err != nil {
		return err
	}
	switch {
	case len(p.Operations) != 0:
		return invalid("operations", "present in a program that is a series")
	case p.OutsideContract != nil:
		return invalid("outside_contract", "present in a program that is a series")
	case p.CheckpointInterval != nil:
		return invalid("checkpoint_interval", "present in a program that is a series")
	case p.Pacing != nil:
		return invalid("pacing", "present in a program that is a series")
	case p.Count != nil:
		return invalid("count", "present in a program that is a series")
	}
	if field, why := series.Check(p.Series); field != "" {
		return invalid("series."+field, "%s", why)
	}
	return nil
}
