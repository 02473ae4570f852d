/// What really happened in a simulation, counted while it happened.
struct Tally: Hashable, Sendable {
  var customers = 0
  var touchpoints = 0
  var orders = 0
  /// In cents.
  var revenue: Int64 = 0
  var personas: [String: Int] = [:]
  /// By the origin's name.
  var origins: [String: Cause] = [:]
  /// By the content's name.
  var contents: [String: Cause] = [:]
  var payments = Payments()
  var checkouts = Checkouts()
  var ambassadors = 0
  var invitations = 0
  var arrivals = 0

  struct Cause: Hashable, Sendable {
    /// Visits from the origin, or in which the content was seen.
    var times = 0
    /// Orders that nothing else would have brought about.
    var orders = 0
    var revenue: Int64 = 0
  }

  /// In the days and by the method of the fault.
  struct Payments: Hashable, Sendable {
    var tried = 0
    var failed = 0
    var ordersLost = 0
  }

  /// On the device of the loop.
  struct Checkouts: Hashable, Sendable {
    var started = 0
    var turnedBack = 0
    var givenUp = 0
  }

  mutating func add(_ other: Tally) {
    customers += other.customers
    touchpoints += other.touchpoints
    orders += other.orders
    revenue += other.revenue
    personas.merge(other.personas, uniquingKeysWith: +)
    for (name, cause) in other.origins { origins[name, default: Cause()].add(cause) }
    for (name, cause) in other.contents { contents[name, default: Cause()].add(cause) }
    payments.tried += other.payments.tried
    payments.failed += other.payments.failed
    payments.ordersLost += other.payments.ordersLost
    checkouts.started += other.checkouts.started
    checkouts.turnedBack += other.checkouts.turnedBack
    checkouts.givenUp += other.checkouts.givenUp
    ambassadors += other.ambassadors
    invitations += other.invitations
    arrivals += other.arrivals
  }
}

extension Tally.Cause {
  mutating func add(_ other: Tally.Cause) {
    times += other.times
    orders += other.orders
    revenue += other.revenue
  }
}
