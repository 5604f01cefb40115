//! Tasks in virtual time (`DeterministicTaskQueue`).
//!
//! Time stands still while a task runs and jumps to the next one. Tasks of one
//! moment run in a random order, which the caller draws.

use std::collections::BTreeMap;

/// Tasks by the moment at which they are due.
#[derive(Clone, Debug)]
pub struct TaskQueue<T> {
    now_ms: u64,
    /// Due, drawn order, number.
    tasks: BTreeMap<(u64, u64, u64), T>,
    added: u64,
}

impl<T> Default for TaskQueue<T> {
    fn default() -> Self {
        TaskQueue { now_ms: 0, tasks: BTreeMap::new(), added: 0 }
    }
}

impl<T> TaskQueue<T> {
    /// The present moment, in virtual milliseconds since the start.
    pub fn now_ms(&self) -> u64 {
        self.now_ms
    }

    /// Adds a task that is due after `delay_ms`; `order` decides among those of one moment.
    pub fn add(&mut self, delay_ms: u64, order: u64, task: T) {
        self.added += 1;
        self.tasks.insert((self.now_ms.saturating_add(delay_ms), order, self.added), task);
    }

    /// When the next task is due.
    pub fn next_ms(&self) -> Option<u64> {
        self.tasks.first_key_value().map(|((due_ms, ..), _)| *due_ms)
    }

    /// When the last task is due.
    pub fn last_ms(&self) -> Option<u64> {
        self.tasks.last_key_value().map(|((due_ms, ..), _)| *due_ms)
    }

    /// Goes to the next moment at which something is due, and takes it.
    pub fn pop(&mut self) -> Option<T> {
        let ((due_ms, ..), task) = self.tasks.pop_first()?;
        self.now_ms = self.now_ms.max(due_ms);
        Some(task)
    }

    /// Lets time go on to `ms`, where nothing is due before.
    pub fn wait_until(&mut self, ms: u64) {
        self.now_ms = self.now_ms.max(ms);
    }

    /// Makes the tasks that `hurry` says due now.
    pub fn hurry(&mut self, mut hurry: impl FnMut(&T) -> bool) {
        let now_ms = self.now_ms;
        let keys: Vec<_> = self.tasks.iter().filter(|(_, task)| hurry(task)).map(|(key, _)| *key).collect();
        for key in keys {
            if let Some(task) = self.tasks.remove(&key) {
                self.tasks.insert((now_ms, key.1, key.2), task);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::TaskQueue;

    #[test]
    fn tasks_run_when_they_are_due_and_time_jumps() {
        let mut queue = TaskQueue::default();
        queue.add(50, 0, 'c');
        queue.add(10, 9, 'b');
        queue.add(10, 3, 'a');
        assert_eq!((queue.next_ms(), queue.last_ms()), (Some(10), Some(50)));
        assert_eq!((queue.pop(), queue.pop(), queue.now_ms()), (Some('a'), Some('b'), 10));
        queue.hurry(|task| *task == 'c');
        assert_eq!((queue.pop(), queue.now_ms(), queue.pop()), (Some('c'), 10, None));
        queue.wait_until(70);
        assert_eq!(queue.now_ms(), 70);
    }
}
