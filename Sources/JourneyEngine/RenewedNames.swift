/// The names that the store has now, and the codes that they get in a base that is to have no others.
package struct RenewedNames: Sendable {
  let names: [Dimension: Names]
  let codes: NameCodes
  /// The highest number of a name.
  let lastNumber: Int64
  private let newCodes: [Dimension: [UInt32]]

  /// Nil where `journeys` know the same names by the same codes already.
  ///
  /// `known` are all names of the store, in the order of their numbers; `codes` those of the journeys.
  /// What a touchpoint said by a name that is gone becomes nothing.
  package init?(
    _ known: [(dimension: Dimension?, number: Int64, text: String)], of journeys: Journeys,
    codes old: NameCodes
  ) {
    var names = Dictionary(uniqueKeysWithValues: Dimension.allCases.map { ($0, Names($0)) })
    var newCodes: [Dimension: [UInt32]] = [:]
    for dimension in Dimension.allCases {
      newCodes[dimension] = Array(repeating: Names.none, count: journeys.names(dimension).count)
    }
    var codes = NameCodes()
    for name in known {
      guard let dimension = name.dimension else { continue }
      let before = old[name.number]
      // Which of the names past the limit a touchpoint had is not known any more.
      let isOther = before != Names.none && journeys.names(dimension)[before] == Names.othersName
      let code = names[dimension]?.intern(isOther ? Names.othersName : name.text) ?? Names.none
      codes[name.number] = code
      if before != Names.none { newCodes[dimension]?[Int(before)] = code }
    }
    let isSame = Dimension.allCases.allSatisfy { dimension in
      names[dimension]?.all == journeys.names(dimension).all
        && newCodes[dimension]?.enumerated().allSatisfy { $0 == Int($1) } == true
    }
    if isSame { return nil }
    self.names = names
    self.codes = codes
    self.newCodes = newCodes
    lastNumber = known.last?.number ?? 0
  }

  /// The new code of each old one.
  subscript(dimension: Dimension) -> [UInt32]? { newCodes[dimension] }
}
