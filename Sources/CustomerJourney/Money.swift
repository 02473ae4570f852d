/// An ISO 4217 currency code, such as EUR.
package struct Currency: Hashable, Sendable, Codable, CustomStringConvertible {
  package let code: String
  /// Decimals of the smallest unit, as ISO 4217 lists them: 2 for EUR, 0 for JPY, 3 for KWD.
  package let decimals: Int

  package static let eur = Currency(unchecked: "EUR")

  /// Nil unless `code` is three Latin letters; lower case is accepted.
  package init?(_ code: some StringProtocol) {
    let upper = code.uppercased()
    guard upper.utf8.count == 3, upper.utf8.allSatisfy({ (65...90).contains($0) }) else {
      return nil
    }
    self.init(unchecked: upper)
  }

  private init(unchecked code: String) {
    self.code = code
    decimals = Self.decimals(of: code)
  }

  private static func decimals(of code: String) -> Int {
    switch code {
    case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND",
      "VUV", "XAF", "XOF", "XPF":
      0
    case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND": 3
    case "CLF", "UYW": 4
    default: 2
    }
  }

  /// Minor units in one major unit: 100 for EUR.
  package var minorUnits: Int64 {
    switch decimals {
    case 0: 1
    case 2: 100
    case 3: 1_000
    default: 10_000
    }
  }

  package var description: String { code }

  package init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let currency = Currency(text) else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "not an ISO 4217 currency code"))
    }
    self = currency
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(code)
  }
}

/// An amount as a whole number of minor units; there is no binary fraction anywhere in the store.
package struct Money: Hashable, Sendable, Codable, CustomStringConvertible {
  /// Cents for EUR; negative for money that goes back, as with a return.
  package var minorUnits: Int64
  package var currency: Currency

  package init(minorUnits: Int64, currency: Currency) {
    self.minorUnits = minorUnits
    self.currency = currency
  }

  /// The amount in major units, for display and for JSON only.
  package var amount: Double { Double(minorUnits) / Double(currency.minorUnits) }

  package var description: String {
    let digits = currency.decimals
    let unit = currency.minorUnits
    let whole = minorUnits.magnitude / UInt64(unit)
    let sign = minorUnits < 0 ? "-" : ""
    guard digits > 0 else { return "\(currency) \(sign)\(whole)" }
    let cents = String(minorUnits.magnitude % UInt64(unit))
    return "\(currency) \(sign)\(whole)."
      + String(repeating: "0", count: digits - cents.count) + cents
  }
}

extension Int64 {
  /// The sum, held at the ends of the range instead of running over: minor units of many amounts.
  package func saturatingAdding(_ other: Int64) -> Int64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? (other > 0 ? .max : .min) : sum
  }
}
