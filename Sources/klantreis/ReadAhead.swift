import Collector
import Dispatch
import Synchronization

/// Reads the next rows of a file on another core while the last ones are being stored.
///
/// Holds two batches at most: the one that was handed out and the one that is being read.
final class ReadAhead: @unchecked Sendable {
  // Sendable by hand: only the queue touches the file, and one caller waits for it at a time.
  struct Batch {
    var rows: [ImportedRow]
    var progress: ImportProgress
  }

  private let file: FileImport
  private let queue = DispatchQueue(label: "read ahead")
  private let ready = DispatchSemaphore(value: 0)
  private let result = Mutex<Result<Batch?, any Error>?>(nil)

  init(_ file: FileImport) {
    self.file = file
    read()
  }

  /// The next rows with the progress up to them; nil at the end. Throws what the file throws, after
  /// all rows before that place. Called by one thread.
  func next() throws -> Batch? {
    ready.wait()
    guard let result = result.withLock({ $0.take() }) else {
      preconditionFailure("a signal comes with a result")
    }
    guard case .success(.some(let batch)) = result else {
      // The end or an error stays what it is, however often it is asked for.
      self.result.withLock { $0 = result }
      ready.signal()
      return try result.get()
    }
    read()
    return batch
  }

  private func read() {
    queue.async {
      let result = Result {
        try self.file.next().map { Batch(rows: $0, progress: self.file.progress) }
      }
      self.result.withLock { $0 = result }
      self.ready.signal()
    }
  }
}
