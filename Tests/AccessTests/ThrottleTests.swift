import CustomerJourney
import Testing

@testable import Access

@Suite struct ThrottleTests {
  private let start = Timestamp(seconds: 1_700_000_000)

  @Test("after five failures a name waits, twice as long each time, up to a quarter of an hour")
  func name() {
    var throttle = LoginThrottle()
    var now = start
    var waits: [Int] = []
    for turn in 0..<20 {
      // Each from another address, as a net of many machines would.
      throttle.failed(name: "ann", address: "10.0.0.\(turn)", at: now)
      let wait = throttle.wait(name: "Ann", address: "10.0.1.1", at: now)
      waits.append(wait)
      now = now.adding(seconds: Int64(wait))
      #expect(throttle.wait(name: "ann", address: "10.0.1.1", at: now) == 0)
    }
    #expect(waits.prefix(10) == [0, 0, 0, 0, 2, 4, 8, 16, 32, 64])
    #expect(waits.last == 900)
    #expect(throttle.wait(name: "bob", address: "10.0.1.1", at: now) == 0)
  }

  @Test("an address waits after twenty failures with whatever names, and a success doesn't free it")
  func address() {
    var throttle = LoginThrottle()
    for turn in 0..<25 {
      throttle.failed(name: "user \(turn)", address: "10.0.0.1", at: start)
    }
    throttle.failed(name: "user 1", address: "10.0.0.1", at: start)
    throttle.succeeded(name: "user 1", address: "10.0.0.1")
    #expect(throttle.wait(name: "new", address: "10.0.0.1", at: start) == 64)
    #expect(throttle.wait(name: "new", address: "10.0.0.2", at: start) == 0)
  }

  @Test("a right password sets the name free, and a day without failures both")
  func free() {
    var throttle = LoginThrottle()
    for _ in 0..<30 { throttle.failed(name: "ann", address: "10.0.0.1", at: start) }
    #expect(throttle.wait(name: "ann", address: "10.0.0.9", at: start) > 0)
    throttle.succeeded(name: "ann", address: "10.0.0.9")
    #expect(throttle.wait(name: "ann", address: "10.0.0.9", at: start) == 0)
    let tomorrow = start.adding(seconds: 86_400)
    #expect(throttle.wait(name: "ann", address: "10.0.0.1", at: tomorrow) == 0)
    throttle.failed(name: "ann", address: "10.0.0.1", at: tomorrow)
    #expect(throttle.wait(name: "ann", address: "10.0.0.1", at: tomorrow) == 0, "begins anew")
  }

  @Test("right passwords and codes cost an address nothing, and a password alone frees no name")
  func steps() {
    var throttle = LoginThrottle()
    for _ in 0..<100 {
      throttle.failed(name: "ann", address: "10.0.0.1", at: start)
      throttle.succeeded(name: "ann", address: "10.0.0.1", isWhole: false)
      throttle.failed(name: "ann", address: "10.0.0.1", at: start)
      throttle.succeeded(name: "ann", address: "10.0.0.1")
    }
    #expect(throttle.wait(name: "ann", address: "10.0.0.1", at: start) == 0)
    #expect(throttle.wait(name: "bob", address: "10.0.0.1", at: start) == 0)
    for turn in 0..<6 {
      throttle.failed(name: "ann", address: "10.0.1.\(turn)", at: start)
      throttle.succeeded(name: "ann", address: "10.0.1.\(turn)", isWhole: false)
      throttle.failed(name: "ann", address: "10.0.1.\(turn)", at: start)
    }
    #expect(throttle.wait(name: "ann", address: "10.0.2.1", at: start) > 0, "codes are guessed")
  }

  @Test("addresses of one IPv6 network count as one, others don't")
  func networks() {
    var throttle = LoginThrottle()
    for turn in 0..<25 {
      throttle.failed(name: "u\(turn)", address: "2001:db8::\(turn)", at: start)
    }
    #expect(throttle.wait(name: "x", address: "2001:db8:0:0:ffff::1", at: start) > 0)
    #expect(throttle.wait(name: "x", address: "2001:db8:0:1::1", at: start) == 0)
  }

  @Test("however many names are tried, it remembers no more than its limit, the last ones")
  func bounded() {
    var throttle = LoginThrottle()
    for turn in 0..<(Limits.throttled + 10) {
      throttle.failed(
        name: "n\(turn)", address: "a\(turn)", at: start.adding(seconds: Int64(turn)))
    }
    let end = start.adding(seconds: Int64(Limits.throttled + 10))
    for _ in 0..<5 { throttle.failed(name: "last", address: "here", at: end) }
    #expect(throttle.wait(name: "last", address: "x", at: end) == 2)
    #expect(
      Mirror(reflecting: throttle).children.allSatisfy { child in
        (child.value as? any Collection).map { $0.count <= Limits.throttled } ?? true
      })
  }
}
