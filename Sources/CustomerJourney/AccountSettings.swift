/// What a project says of accounts: who belongs to a buying group, how much a deed of theirs weighs,
/// and what joins by itself. The built-in ones are ours and a beginning.
package struct AccountSettings: Hashable, Sendable, Codable {
  package var roles: [Role]
  /// Points of one touchpoint, by its event. Others give none.
  package var actions: [String: Double]
  /// What somebody of no known role weighs.
  package var weightWithoutRole: Double
  /// Points that one person gives on one day at most, before the weight of the role.
  package var dailyCap: Double
  /// Points that are a score of 100.
  package var fullPoints: Double
  /// How much of its points a touchpoint has left, by its age; the youngest first. Older ones have
  /// none.
  package var windows: [Window]
  /// True where somebody whose mail address is at a domain of one account only joins it at once.
  package var joinsByDomain: Bool
  /// Domains that say nothing of a company, besides those that are built in.
  package var freeMail: [String]

  /// A part that somebody plays in the decision to buy.
  package struct Role: Hashable, Sendable, Codable {
    /// As rules write it: `decision maker`.
    package var name: String
    package var dutch: String
    /// Other words for it, however they are spelt.
    package var spellings: [String]
    /// What a deed of somebody in it weighs.
    package var weight: Double
    /// True when a buying group without it is not complete.
    package var isRequired: Bool

    private enum CodingKeys: String, CodingKey {
      case name, dutch, spellings, weight
      case isRequired = "required"
    }

    package init(
      _ name: String, dutch: String, spellings: [String] = [], weight: Double,
      isRequired: Bool = false
    ) {
      self.name = name
      self.dutch = dutch
      self.spellings = spellings
      self.weight = weight
      self.isRequired = isRequired
    }

    package init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: CodingKeys.self)
      name = try values.decode(String.self, forKey: .name)
      dutch = try values.decodeIfPresent(String.self, forKey: .dutch) ?? name
      spellings = try values.decodeIfPresent([String].self, forKey: .spellings) ?? []
      weight = try values.decodeIfPresent(Double.self, forKey: .weight) ?? 1
      isRequired = try values.decodeIfPresent(Bool.self, forKey: .isRequired) ?? false
    }

    package func title(_ language: Language) -> String { language == .dutch ? dutch : name }
  }

  package struct Window: Hashable, Sendable, Codable {
    package var days: Double
    /// From 0 to 1.
    package var share: Double

    package init(days: Double, share: Double) {
      self.days = days
      self.share = share
    }
  }

  package init() { self = Self.builtIn }

  private init(
    roles: [Role], actions: [String: Double], weightWithoutRole: Double, dailyCap: Double,
    fullPoints: Double, windows: [Window]
  ) {
    self.roles = roles
    self.actions = actions
    self.weightWithoutRole = weightWithoutRole
    self.dailyCap = dailyCap
    self.fullPoints = fullPoints
    self.windows = windows
    joinsByDomain = true
    freeMail = []
  }

  private enum CodingKeys: String, CodingKey {
    case roles, actions, weightWithoutRole, dailyCap, fullPoints, windows, joinsByDomain, freeMail
  }

  /// What is left out is as it is built in.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self = Self.builtIn
    func read<Value: Decodable>(_ key: CodingKeys, _ place: inout Value) throws {
      place = try values.decodeIfPresent(Value.self, forKey: key) ?? place
    }
    try read(.roles, &roles)
    try read(.actions, &actions)
    try read(.weightWithoutRole, &weightWithoutRole)
    try read(.dailyCap, &dailyCap)
    try read(.fullPoints, &fullPoints)
    try read(.windows, &windows)
    try read(.joinsByDomain, &joinsByDomain)
    try read(.freeMail, &freeMail)
  }

  /// What cannot be used, as a sentence; nil when all can.
  package var problem: String? {
    let weights = roles.map(\.weight) + actions.values + [weightWithoutRole]
    if roles.isEmpty || roles.count > Limits.accountRoles {
      return "There must be 1 to \(Limits.accountRoles) roles."
    }
    if roles.contains(where: { $0.name.trimmed.isEmpty }) { return "A role has no name." }
    let keys = roles.map { Vocabulary.key($0.name) }
    if Set(keys).count < keys.count { return "Two roles have the same name." }
    if weights.contains(where: { !$0.isFinite || $0 < 0 || $0 > 1_000 }) {
      return "Weights of roles and actions are from 0 to 1000."
    }
    if !(dailyCap > 0 && dailyCap <= 1e6 && fullPoints > 0 && fullPoints <= 1e9) {
      return "dailyCap and fullPoints must be more than 0."
    }
    if windows.isEmpty || windows.contains(where: { !($0.days > 0 && (0...1).contains($0.share)) })
      || zip(windows, windows.dropFirst()).contains(where: { $0.days >= $1.days })
    {
      return "windows need days that grow and a share from 0 to 1 each."
    }
    return nil
  }

  package static let builtIn = AccountSettings(
    roles: [
      Role("user", dutch: "gebruiker", spellings: ["end user", "eindgebruiker"], weight: 0.75),
      Role(
        "decision maker", dutch: "beslisser",
        spellings: ["decider", "decision-maker", "decisionmaker"], weight: 2, isRequired: true),
      Role(
        "economic buyer", dutch: "budgethouder",
        spellings: ["buyer", "budget holder", "economic-buyer", "inkoper"], weight: 2,
        isRequired: true),
      Role(
        "evaluator", dutch: "beoordelaar", spellings: ["technical buyer", "assessor"], weight: 1.25,
        isRequired: true),
      Role("sponsor", dutch: "sponsor", spellings: ["champion"], weight: 1.5, isRequired: true),
      Role("influencer", dutch: "beïnvloeder", spellings: ["beinvloeder"], weight: 1),
    ],
    actions: [
      "Page Viewed": 1, "Content Viewed": 3, "File Downloaded": 6, "Video Watched": 4,
      "Product Viewed": 2, "Product Compared": 4, "Review Read": 3, "Form Submitted": 8,
      "Lead Generated": 10, "Signed Up": 8, "Signed In": 2, "Subscribed": 4, "Message Opened": 1,
      "Message Clicked": 3, "Chat Started": 5, "Quote Requested": 20, "Quote Opened": 10,
      "Demo Requested": 20, "Sales Contacted": 10, "Appointment Booked": 15, "Survey Answered": 4,
      "Support Requested": 2, "Product Activated": 10, "Order Completed": 25, "Referral Made": 15,
    ], weightWithoutRole: 0.5, dailyCap: 30, fullPoints: 300,
    windows: [
      Window(days: 30, share: 1), Window(days: 90, share: 0.5), Window(days: 180, share: 0.25),
    ])

  /// How many people usually take part, as guidance.
  package static let usualSize = 6...20
  /// Traits of a person that say its roles.
  package static let roleTraits = [
    "accountRole", "account_role", "account.role", "buyingRole", "buying_role",
  ]
}

extension AccountSettings {
  /// The role's own name for any of its spellings; another role is as it was written.
  package func canonicalRole(_ text: String) -> String? {
    let key = Vocabulary.key(text)
    guard !key.isEmpty else { return nil }
    let known = roles.first { role in
      ([role.name, role.dutch] + role.spellings).contains { Vocabulary.key($0) == key }
    }
    return known?.name ?? text.trimmed
  }

  /// The roles that a text names, between commas or semicolons; each once, in order.
  package func roles(in text: String) -> [String] {
    let named = text.split(whereSeparator: { ",;".contains($0) }).compactMap {
      canonicalRole(String($0))
    }
    return Array(Set(named).sorted().prefix(Limits.rolesPerMember))
  }

  /// What a deed weighs of somebody with these roles: as the weightiest of them.
  package func weight(ofRoles names: [String]) -> Double {
    guard !names.isEmpty else { return weightWithoutRole }
    return names.map { name in roles.first { $0.name == name }?.weight ?? 1 }.max() ?? 1
  }

  package func title(ofRole name: String, _ language: Language) -> String {
    roles.first { $0.name == name }?.title(language) ?? name
  }

  package var requiredRoles: [String] { roles.filter(\.isRequired).map(\.name) }

  /// The share of required roles that `known` has; nil when none is required.
  package func completeness(_ known: Set<String>) -> Double? {
    let required = requiredRoles
    guard !required.isEmpty else { return nil }
    return Double(required.count { known.contains($0) }) / Double(required.count)
  }

  /// What is left of the points of a touchpoint of that age.
  package func share(ofAgeDays age: Double) -> Double {
    windows.first { age <= $0.days }?.share ?? 0
  }
}
