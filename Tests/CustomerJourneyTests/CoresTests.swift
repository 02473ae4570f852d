import Foundation
import Synchronization
import Testing

@testable import CustomerJourney

@Suite("Work on all cores")
struct CoresTests {
  private struct Stop: Error {}

  private static func niceness() -> Int32 {
    getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0)
  }

  private static func done(_ iterations: Int) -> [Int] {
    let done = Mutex<[Int]>([])
    Cores.perform(iterations: iterations) { piece in done.withLock { $0.append(piece) } }
    return done.withLock { $0.sorted() }
  }

  @Test("each piece is done once, in the background too", arguments: [0, 1, 2, 3, 1_000])
  func pieces(iterations: Int) {
    #expect(Self.done(iterations) == Array(0..<iterations))
    #expect(Cores.inBackground { Self.done(iterations) } == Array(0..<iterations))
  }

  @Test("what a thread of the background shares stands back as it does, and its caller does not")
  func niceness() {
    let before = Self.niceness()
    let seen = Mutex<Set<Int32>>([])
    let own = Cores.inBackground {
      // Each waits for the other, so that there are two threads.
      let arrived = Atomic(0)
      let all = min(2, Cores.count)
      Cores.perform(iterations: all) { _ in
        arrived.add(1, ordering: .sequentiallyConsistent)
        while arrived.load(ordering: .sequentiallyConsistent) < all {}
        seen.withLock { _ = $0.insert(Self.niceness()) }
      }
      return Self.niceness()
    }
    let usual = getpriority(__priority_which_t(PRIO_PROCESS.rawValue), id_t(getpid()))
    #expect(own == min(usual + 10, 19))
    #expect(seen.withLock { $0 } == [own])
    #expect(Self.niceness() == before)
  }

  @Test("what others have to wait for does not stand back")
  func foreground() {
    let before = Self.niceness()
    let (own, seen) = Cores.inBackground {
      (Self.niceness(), Cores.inForeground { Self.niceness() })
    }
    #expect(seen == before)
    #expect(own > seen || before == 19)
    // Where nothing stands back, it is done at once, on the same thread.
    let caller = pthread_self()
    #expect(Cores.inForeground { pthread_equal(caller, pthread_self()) } != 0)
    #expect(
      Cores.inBackground { Cores.inForeground { Cores.inBackground { Cores.inForeground { 7 } } } }
        == 7)
  }

  @Test("many threads of the background get what each asked for")
  func manyInForeground() {
    let sums = Mutex<[Int: Int]>([:])
    DispatchQueue.concurrentPerform(iterations: 64) { caller in
      Cores.inBackground {
        for step in 0..<50 {
          let told = Cores.inForeground { caller * 1_000 + step }
          sums.withLock { $0[caller, default: 0] += told }
        }
      }
    }
    #expect(
      sums.withLock { $0 }
        == Dictionary(
          uniqueKeysWithValues: (0..<64).map { ($0, $0 * 50_000 + 49 * 25) }))
  }

  @Test("what fails in the background fails for whoever waits for it")
  func errors() {
    #expect(throws: Stop.self) { try Cores.inBackground { throw Stop() } }
    #expect(throws: Stop.self) {
      try Cores.inBackground { try Cores.inForeground { throw Stop() } }
    }
    #expect(Cores.inBackground { Cores.inBackground { 7 } } == 7)
  }
}
