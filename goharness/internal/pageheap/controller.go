package pageheap

import "math"

// Controller is a piController; its numbers are the bits of float64s.
type Controller struct {
	KP, TI, TT, Min, Max       uint64
	ErrIntegral                uint64
	ErrOverflow, InputOverflow bool
}

func (c *Controller) toGo() piController {
	return piController{
		kp: math.Float64frombits(c.KP), ti: math.Float64frombits(c.TI), tt: math.Float64frombits(c.TT),
		min: math.Float64frombits(c.Min), max: math.Float64frombits(c.Max),
		errIntegral: math.Float64frombits(c.ErrIntegral),
		errOverflow: c.ErrOverflow, inputOverflow: c.InputOverflow,
	}
}

func (c *Controller) keep(state *piController) {
	c.ErrIntegral = math.Float64bits(state.errIntegral)
	c.ErrOverflow, c.InputOverflow = state.errOverflow, state.inputOverflow
}

// Next calls piController.next.
func (c *Controller) Next(input, setpoint, period uint64) (output uint64, ok bool) {
	state := c.toGo()
	result, ok := state.next(math.Float64frombits(input), math.Float64frombits(setpoint), math.Float64frombits(period))
	c.keep(&state)
	return math.Float64bits(result), ok
}

// Reset calls piController.reset.
func (c *Controller) Reset() {
	state := c.toGo()
	state.reset()
	c.keep(&state)
}
