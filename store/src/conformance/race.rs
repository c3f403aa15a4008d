//! Many at once: each call has a thread of its own and all of them start together.

use std::sync::Barrier;
use std::thread;

use tokio::runtime::Handle;

/// How many come at once.
pub(super) const CROWD: usize = 32;

/// What each of the crowd got.
pub(super) fn at_once<T: Send, F: Future<Output = T>>(act: impl Fn(usize) -> F + Sync) -> Vec<T> {
    let (runtime, start, act) = (Handle::current(), Barrier::new(CROWD), &act);
    let run = |number| {
        start.wait();
        runtime.block_on(act(number))
    };
    tokio::task::block_in_place(|| {
        thread::scope(|scope| {
            let threads: Vec<_> = (0..CROWD).map(|number| scope.spawn(move || run(number))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        })
    })
}
