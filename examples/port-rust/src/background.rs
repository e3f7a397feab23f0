//! The background scavenger, which works a little and sleeps the more.
//!
//! In Go it is a goroutine. Here it is what such a goroutine would remember while it is parked, and where it parked.

use crate::controller::PiController;
use crate::floats::to_i64;
use crate::heap::Heap;
use crate::throw::throw;

/// Least time worked before it sleeps, in nanoseconds.
const MIN_CRIT_NS: f64 = 1e6;
/// What it asks to be scavenged at once, in bytes.
const QUANTUM: u64 = 64 << 10;
/// Time that a physical page is taken to have cost where the clock shows none, in nanoseconds.
const APPROX_NS_PER_PHYS_PAGE: f64 = 10e3;
/// Time that a search takes that finds nothing, in nanoseconds.
const EMPTY_SEARCH_NS: i64 = 10_000;
/// The share of the processors' time that it may use.
const IDEAL_FRACTION: f64 = 0.01;
const STARTING_RATIO: f64 = 0.001;
const COOLDOWN_NS: i64 = 5_000_000_000;
/// Most firings of the timer in one span of time.
const FIRING_COUNT_MAX: u32 = 10_000;

/// What it remembers from one round of work to the next.
#[derive(Debug, Clone, Copy)]
pub struct Memory {
    /// Time worked by time slept.
    pub crit_sleep_ratio: f64,
    /// Moves that ratio.
    pub controller: PiController,
    /// How long the controller is still left alone, in nanoseconds.
    pub cooldown_ns: i64,
}

impl Default for Memory {
    fn default() -> Self {
        let controller = PiController {
            kp: 0.3375,
            ti: 3.2e6,
            tt: 1e9,
            min: 0.001,
            max: 1000.0,
            err_integral: 0.0,
            err_overflow: false,
            input_overflow: false,
        };
        Self { crit_sleep_ratio: STARTING_RATIO, controller, cooldown_ns: 0 }
    }
}

/// Where it parked.
#[derive(Debug, Clone, Copy)]
enum Place {
    /// It has not worked yet.
    Start,
    /// There was nothing to do.
    Idle,
    /// It sleeps after work of `crit` nanoseconds, since `since`.
    Asleep { crit: f64, since: i64 },
}

/// The background scavenger and those who wake it.
#[derive(Debug)]
pub struct Background {
    place: Place,
    /// What it remembers; nothing before it is woken for the first time.
    pub memory: Option<Memory>,
    /// Whether it is parked.
    pub parked: bool,
    /// Whether it has been woken and has not run since.
    runnable: bool,
    /// When its timer fires.
    pub timer: Option<i64>,
    /// Whether sysmon is to wake it.
    pub sysmon_wake: bool,
    /// Whether time is faked: it then looks for work once only before it sleeps.
    pub faketime: bool,
    /// Number of processors.
    pub gomaxprocs: u64,
}

impl Default for Background {
    /// A background scavenger that is started, and has parked for the first time.
    fn default() -> Self {
        Self {
            place: Place::Start,
            memory: None,
            parked: true,
            runnable: false,
            timer: None,
            sysmon_wake: false,
            faketime: false,
            gomaxprocs: 4,
        }
    }
}

impl Background {
    /// Asks sysmon to wake it.
    pub fn ready(&mut self) {
        self.sysmon_wake = true;
    }

    /// The end of a sweep: a generation starts, and sysmon is asked.
    pub fn sweep_done(&mut self, heap: &mut Heap) {
        heap.pages.scavenge_start_gen();
        self.ready();
    }

    /// Wakes it if it is parked, and lets it run until it parks again.
    pub fn wake(&mut self, heap: &mut Heap) {
        if self.parked {
            self.sysmon_wake = false;
            self.parked = false;
            self.timer = None;
            self.runnable = true;
        }
        self.settle(heap);
    }

    /// Wakes it if somebody asked for that; returns whether somebody had.
    pub fn sysmon(&mut self, heap: &mut Heap) -> bool {
        let asked = self.sysmon_wake;
        if asked {
            self.wake(heap);
        }
        asked
    }

    /// Lets its timer fire, whenever that is; returns whether there was one.
    pub fn fire(&mut self, heap: &mut Heap) -> bool {
        let Some(when) = self.timer.take() else { return false };
        heap.pages.clock.now = heap.pages.clock.now.max(when);
        self.wake(heap);
        true
    }

    /// Lets time pass, with all that happens in it.
    pub fn tick(&mut self, heap: &mut Heap, duration_ns: u64) {
        let end = heap.pages.clock.now.wrapping_add_unsigned(duration_ns);
        self.sysmon(heap);
        for _ in 0..FIRING_COUNT_MAX {
            if self.timer.is_none_or(|when| when > end) {
                heap.pages.clock.now = heap.pages.clock.now.max(end);
                return;
            }
            self.fire(heap);
        }
    }

    /// Runs it, if it is to run, until it parks.
    fn settle(&mut self, heap: &mut Heap) {
        if !std::mem::take(&mut self.runnable) {
            return;
        }
        let mut memory = self.memory.unwrap_or_default();
        if let Place::Asleep { crit, since } = self.place {
            self.account(&mut memory, heap, crit, heap.pages.clock.now.wrapping_sub(since));
        }
        self.memory = Some(memory);
        let (released, crit) = self.work(heap);
        if released == 0 {
            self.place = Place::Idle;
            self.parked = true;
            return;
        }
        if released < heap.pages.phys.size {
            throw("released less than one physical page of memory");
        }
        let crit = if crit < MIN_CRIT_NS { MIN_CRIT_NS } else { crit };
        let since = heap.pages.clock.now;
        let when = since.wrapping_add(to_i64(crit / memory.crit_sleep_ratio));
        if when <= 0 {
            throw("timer when must be positive");
        }
        self.timer = Some(when);
        self.place = Place::Asleep { crit, since };
        self.parked = true;
    }

    /// Scavenges for a while; returns how many bytes were released, and how many nanoseconds it took.
    fn work(&self, heap: &mut Heap) -> (u64, f64) {
        let (mut released, mut crit) = (0, 0.0);
        while crit < MIN_CRIT_NS && heap.pages.stats.heap_retained() > heap.scavenge_goal {
            let start = heap.pages.clock.now;
            let bytes = heap.pages.scavenge(QUANTUM);
            heap.pages.scav.released = heap.pages.scav.released.wrapping_add(bytes);
            if bytes == 0 {
                heap.pages.clock.now = heap.pages.clock.now.wrapping_add(EMPTY_SEARCH_NS);
            }
            let end = heap.pages.clock.now;
            crit += if end <= start {
                APPROX_NS_PER_PHYS_PAGE * (bytes / heap.pages.phys.size) as f64
            } else {
                end.wrapping_sub(start) as f64
            };
            released += bytes;
            if self.faketime {
                break;
            }
        }
        (released, crit)
    }

    /// After a sleep: moves the ratio towards what keeps to the ideal share.
    fn account(&self, memory: &mut Memory, heap: &mut Heap, crit: f64, slept: i64) {
        if memory.cooldown_ns > 0 {
            let passed = slept.wrapping_add(to_i64(crit));
            memory.cooldown_ns = if passed > memory.cooldown_ns { 0 } else { memory.cooldown_ns.wrapping_sub(passed) };
            return;
        }
        let period = slept as f64 + crit;
        let fraction = crit / (period * self.gomaxprocs as f64);
        let (ratio, is_ok) = memory.controller.next(fraction, IDEAL_FRACTION, period);
        memory.crit_sleep_ratio = ratio;
        if !is_ok {
            memory.crit_sleep_ratio = STARTING_RATIO;
            memory.cooldown_ns = COOLDOWN_NS;
            heap.pages.trace.controller_reset = true;
        }
    }
}
