import Dispatch
import Foundation
import Synchronization

/// Work on all cores, and work that nobody waits for.
package enum Cores {
  /// The cores that this process may use.
  package static let count = max(1, ProcessInfo.processInfo.activeProcessorCount)

  /// How much later than others a thread of the background gets the processor, as `nice` counts it.
  private static let niceness: Int32 = 10

  /// Does so many pieces of a work on all cores, in any order, and returns when all are done. What a
  /// thread of the background shares stays in the background.
  package static func perform(iterations: Int, _ body: @Sendable (Int) -> Void) {
    guard place == .background else {
      return DispatchQueue.concurrentPerform(iterations: iterations, execute: body)
    }
    let next = Atomic(0)
    // Made here and not taken from the system's: those that it has would be in nobody's background.
    onThreads(beside: min(count, iterations) - 1) {
      place = .background
      while true {
        let piece = next.add(1, ordering: .relaxed).oldValue
        guard piece < iterations else { return }
        body(piece)
      }
    }
  }

  /// Does work on a thread that stands back where others want the processor, and waits for it: for
  /// what is looked at now and then, so that whoever stores something or asks is not kept by it.
  package static func inBackground<Success, Failure: Error>(
    _ body: () throws(Failure) -> Success
  ) throws(Failure) -> Success {
    // What others wait for does not step back on its way.
    if place == .foreground { return try body() }
    prepare()
    var result: Result<Success, Failure>?
    let isDone = onThread {
      // A thread may always step back, and never forward again: that is why it has one of its own.
      setpriority(process, 0, usualNiceness + niceness)
      place = .background
      result = Result(catching: body)
    }
    guard isDone, let result else { return try body() }
    return try result.get()
  }

  /// Does what others have to wait for, such as a change of what all share, as soon as they could do it
  /// themselves: from the background on a thread that does not stand back. Waits for it.
  package static func inForeground<Success, Failure: Error>(
    _ body: () throws(Failure) -> Success
  ) throws(Failure) -> Success {
    guard place == .background else { return try body() }
    var result: Result<Success, Failure>?
    Foreground.shared.perform { result = Result(catching: body) }
    guard let result else { preconditionFailure("what was performed has a result") }
    return try result.get()
  }

  /// Begins the thread for ``inForeground(_:)`` where it is not there yet. To be called where nothing
  /// stands back: a thread has the niceness of the one that begins it.
  package static func prepare() { _ = Foreground.shared }

  private static let process = __priority_which_t(PRIO_PROCESS.rawValue)

  /// That of the program. The system's queues have threads that stand back a little, and others that step
  /// forward where they may.
  private static var usualNiceness: Int32 { getpriority(process, id_t(getpid())) }

  private enum Place: Int {
    case usual, background, foreground
  }

  /// Of this thread. Threads begin with the niceness of the one that begins them, but not with this.
  private static var place: Place {
    get { Place(rawValue: Int(bitPattern: pthread_getspecific(mark))) ?? .usual }
    set { pthread_setspecific(mark, UnsafeRawPointer(bitPattern: newValue.rawValue)) }
  }

  private static let mark = {
    var key = pthread_key_t()
    // Without a key no thread is known to be elsewhere, and the work is shared as any other.
    return pthread_key_create(&key, nil) == 0 ? key : pthread_key_t.max
  }()

  /// Runs a body on this thread and on so many others at the same time.
  private static func onThreads(beside others: Int, _ body: @Sendable () -> Void) {
    withoutActuallyEscaping(body) { body in
      let work = Work(body)
      let threads = (0..<max(0, others)).compactMap { _ in work.begin() }
      body()
      for thread in threads { pthread_join(thread, nil) }
    }
  }

  /// Runs a body on another thread. False where there is none to be had.
  private static func onThread(_ body: () -> Void) -> Bool {
    withoutActuallyEscaping(body) { body in
      let work = Work(body)
      guard let thread = work.begin() else { return false }
      pthread_join(thread, nil)
      return true
    }
  }

  private final class Work {
    private let body: () -> Void

    init(_ body: @escaping () -> Void) { self.body = body }

    func perform() { body() }

    /// Who calls this joins the thread while it holds the work.
    func begin() -> pthread_t? {
      var thread = pthread_t()
      let code = pthread_create(
        &thread, nil,
        { work in
          if let work { Unmanaged<Work>.fromOpaque(work).takeUnretainedValue().body() }
          return nil
        }, Unmanaged.passUnretained(self).toOpaque())
      return code == 0 ? thread : nil
    }
  }

  /// One thread that does not stand back, for those that do.
  private final class Foreground: Sendable {
    static let shared = Foreground()

    // Sendable by hand: one thread performs the work, and its owner waits for that.
    private struct Waiting: @unchecked Sendable {
      /// Who waits holds it.
      let work: Unmanaged<Work>
      let isDone: DispatchSemaphore
    }

    private let waiting = Mutex<[Waiting]>([])
    private let wakeUp = DispatchSemaphore(value: 0)

    private init() {
      let thread = Thread { [self] in
        // Where it was begun by a thread that stands back after all, this takes a privilege.
        setpriority(process, 0, usualNiceness)
        place = .foreground
        while true {
          wakeUp.wait()
          guard let next = waiting.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) else {
            continue
          }
          Self.perform(next.work)
          next.isDone.signal()
        }
      }
      thread.name = "foreground"
      thread.start()
    }

    /// Not inlined, so that nothing of the work is held any more when this returns.
    @inline(never)
    private static func perform(_ work: Unmanaged<Work>) { work.takeUnretainedValue().perform() }

    func perform(_ body: () -> Void) {
      withoutActuallyEscaping(body) { body in
        let work = Work(body)
        let isDone = DispatchSemaphore(value: 0)
        waiting.withLock { $0.append(Waiting(work: .passUnretained(work), isDone: isDone)) }
        wakeUp.signal()
        isDone.wait()
        withExtendedLifetime(work) {}
      }
    }
  }
}
