/// What a play brings: those to whom something was done beside those who were held out by chance.
package struct Lift: Hashable, Sendable, Codable {
  package struct Group: Hashable, Sendable, Codable {
    package var customers: Int
    package var converted: Int
    /// Added up, in minor units, and the squares of each customer's.
    package var value: Double
    package var squares: Double

    package init(customers: Int = 0, converted: Int = 0, value: Double = 0, squares: Double = 0) {
      self.customers = customers
      self.converted = converted
      self.value = value
      self.squares = squares
    }

    package var share: Double? {
      customers > 0 ? Double(converted) / Double(customers) : nil
    }

    package var mean: Double? { customers > 0 ? value / Double(customers) : nil }

    /// One customer, with what was bought; nil for nothing.
    package mutating func add(_ bought: Double?) {
      customers += 1
      guard let bought else { return }
      converted += 1
      value += bought
      squares += bought * bought
    }

    fileprivate var varianceOfMean: Double {
      guard customers > 1, let mean else { return .infinity }
      let count = Double(customers)
      return max(0, squares - count * mean * mean) / (count - 1) / count
    }
  }

  package struct Interval: Hashable, Sendable, Codable {
    package var estimate: Double
    package var low: Double
    package var high: Double
  }

  package enum Verdict: String, Hashable, Sendable, Codable {
    /// Too few customers or too few conversions for any answer.
    case tooEarly
    /// Enough of them, and the difference may well be chance.
    case noDifference
    case more
    case fewer
  }

  package var treated: Group
  package var heldOut: Group

  package init(treated: Group, heldOut: Group) {
    self.treated = treated
    self.heldOut = heldOut
  }

  /// Customers a group and conversions in all that an answer needs at least.
  package static let fewestCustomers = 100
  package static let fewestConversions = 10

  /// The difference of the shares that converted, with its 95% interval: Newcombe's hybrid score
  /// interval (Statistics in Medicine 17, 1998, method 10), which holds for small shares too.
  package var conversion: Interval? {
    guard let a = treated.share, let b = heldOut.share else { return nil }
    let (lowA, highA) = Self.wilson(treated)
    let (lowB, highB) = Self.wilson(heldOut)
    let difference = a - b
    return Interval(
      estimate: difference,
      low: difference - ((a - lowA) * (a - lowA) + (highB - b) * (highB - b)).squareRoot(),
      high: difference + ((highA - a) * (highA - a) + (b - lowB) * (b - lowB)).squareRoot())
  }

  /// The difference of the value a customer, with its 95% interval by the normal distribution, each
  /// group with its own variance.
  package var valuePerCustomer: Interval? {
    guard let a = treated.mean, let b = heldOut.mean else { return nil }
    let half = Self.z * (treated.varianceOfMean + heldOut.varianceOfMean).squareRoot()
    guard half.isFinite else { return nil }
    return Interval(estimate: a - b, low: a - b - half, high: a - b + half)
  }

  package var verdict: Verdict {
    guard treated.customers >= Self.fewestCustomers, heldOut.customers >= Self.fewestCustomers,
      treated.converted + heldOut.converted >= Self.fewestConversions, let conversion
    else { return .tooEarly }
    if conversion.low > 0 { return .more }
    return conversion.high < 0 ? .fewer : .noDifference
  }

  private static let z = 1.959_963_984_540_054

  private static func wilson(_ group: Group) -> (low: Double, high: Double) {
    let (count, share) = (Double(group.customers), group.share ?? 0)
    let square = z * z
    let middle = (share + square / (2 * count)) / (1 + square / count)
    let half =
      z * (share * (1 - share) / count + square / (4 * count * count)).squareRoot()
      / (1 + square / count)
    return (middle - half, middle + half)
  }
}
