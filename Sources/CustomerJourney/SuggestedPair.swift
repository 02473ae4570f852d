/// Two customers who may be one person, with what is known of both.
package struct SuggestedPair: Sendable, Hashable, Codable {
  package var key: String
  package var other: String
  /// 0 to 1; see ``PersonScore/probability``.
  package var probability: Double
  package var traits: [Trait]

  package struct Trait: Sendable, Hashable, Codable {
    /// A name of ``PersonRecord/Field``.
    package var name: String
    package var one: String?
    package var other: String?
    /// Exactly or nearly.
    package var agrees: Bool
  }

  package init(key: String, other: String, _ one: PersonRecord, _ two: PersonRecord) {
    self.key = key
    self.other = other
    let score = PersonScore(one, two)
    probability = score.probability
    traits = PersonRecord.Field.allCases.compactMap { field in
      let (x, y) = (one[field], two[field])
      guard !x.isEmpty || !y.isEmpty else { return nil }
      return Trait(
        name: "\(field)", one: x.isEmpty ? nil : x, other: y.isEmpty ? nil : y,
        agrees: score.agreeing.contains(field))
    }
  }
}

extension PersonRecord {
  /// Names of traits, as clients and files have them, by what they say; in lower case, without what is
  /// no letter.
  private static let traitNames: [Field: [String]] = [
    .given: ["firstname", "givenname", "voornaam", "name", "naam", "fullname"],
    .surname: ["lastname", "surname", "familyname", "achternaam"],
    .birthday: ["birthday", "dateofbirth", "birthdate", "geboortedatum"],
    .street: ["addressstreet", "street", "straat", "address", "adres"],
    .number: ["addressnumber", "streetnumber", "housenumber", "huisnummer"],
    .city: ["addresscity", "city", "suburb", "plaats", "woonplaats"],
    .postcode: ["addresspostalcode", "postalcode", "postcode", "zip", "zipcode"],
    .phone: ["phone", "telephone", "telefoon", "mobile"],
    .email: ["email", "emailaddress"],
  ]

  private static let fieldsByName: [String: (field: Field, rank: Int)] = Dictionary(
    uniqueKeysWithValues: traitNames.flatMap { field, names in
      names.enumerated().map { ($1, (field, $0)) }
    })

  /// What traits say of a person.
  package init(traits: [String: PropertyValue]) {
    var known: [Field: (rank: Int, text: String)] = [:]
    for (name, value) in traits {
      let plain = name.lowercased().filter(\.isLetter)
      guard let (field, rank) = Self.fieldsByName[plain],
        known[field].map({ $0.rank > rank }) ?? true
      else { continue }
      known[field] = (rank, value.description)
    }
    self.init(known.mapValues(\.text))
  }

  /// Too little to compare by: less than a name and something else, or a way to reach the person.
  package var saysEnough: Bool {
    let known = Field.allCases.filter { !self[$0].isEmpty }
    return known.count >= 3 || known.contains(.email) || known.contains(.phone)
  }
}
