//! The waiting room of the hashing threads. It holds a fixed number of jobs: beyond it a job is refused at once, so that
//! a flood of logins costs neither memory nor the patience of those who wait already.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Work that nobody may be waiting for any more.
pub(super) trait Job {
    /// Whether its caller has gone.
    fn is_abandoned(&self) -> bool;
}

/// Jobs in the order in which they came.
pub(super) struct Queue<J> {
    room: Mutex<Room<J>>,
    came: Condvar,
    seats: usize,
}

struct Room<J> {
    jobs: VecDeque<J>,
    closed: bool,
}

/// There is no seat left.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Full;

impl<J: Job> Queue<J> {
    /// A queue in which `seats` jobs may wait.
    pub fn new(seats: usize) -> Self {
        Self { room: Mutex::new(Room { jobs: VecDeque::new(), closed: false }), came: Condvar::new(), seats }
    }

    /// Seats a job. Those whose callers have gone make room first.
    pub fn push(&self, job: J) -> Result<(), Full> {
        let mut room = self.enter();
        if room.jobs.len() >= self.seats {
            room.jobs.retain(|job| !job.is_abandoned());
        }
        if room.jobs.len() >= self.seats {
            return Err(Full);
        }
        room.jobs.push_back(job);
        self.came.notify_one();
        Ok(())
    }

    /// The next job that somebody waits for; `None` once the queue is closed.
    pub fn pop(&self) -> Option<J> {
        let mut room = self.enter();
        loop {
            if room.closed {
                return None;
            }
            match room.jobs.pop_front() {
                Some(job) if job.is_abandoned() => {}
                Some(job) => return Some(job),
                None => room = self.came.wait(room).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    /// Sends everybody home: waiting jobs are dropped, and the threads end.
    pub fn close(&self) {
        let mut room = self.enter();
        room.closed = true;
        room.jobs.clear();
        self.came.notify_all();
    }

    /// Nothing under the lock can stop half-way, so a poisoned room is in order.
    fn enter(&self) -> MutexGuard<'_, Room<J>> {
        self.room.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
    struct Numbered(u8, bool);

    impl Job for Numbered {
        fn is_abandoned(&self) -> bool {
            self.1
        }
    }

    #[test]
    fn jobs_leave_in_the_order_in_which_they_came() {
        let queue = Queue::new(2);
        assert_eq!(queue.push(Numbered(1, false)), Ok(()));
        assert_eq!(queue.push(Numbered(2, false)), Ok(()));
        assert_eq!(queue.push(Numbered(3, false)), Err(Full));
        assert_eq!(queue.pop().map(|job| job.0), Some(1));
        assert_eq!(queue.pop().map(|job| job.0), Some(2));
    }

    #[test]
    fn abandoned_jobs_make_room_and_are_never_done() {
        let queue = Queue::new(2);
        assert_eq!(queue.push(Numbered(1, true)), Ok(()));
        assert_eq!(queue.push(Numbered(2, true)), Ok(()));
        assert_eq!(queue.push(Numbered(3, false)), Ok(()));
        assert_eq!(queue.push(Numbered(4, true)), Ok(()));
        assert_eq!(queue.pop().map(|job| job.0), Some(3));
        queue.close();
        assert_eq!(queue.pop(), None);
    }
}
