import CustomerJourney

/// Finds out what columns are by their usual names, in English and Dutch.
enum ColumnFinder {
  /// `Klant-nummer`, `klant_nummer` and `KLANTNUMMER` are the same name.
  static func key(_ name: String) -> String {
    name.lowercased().filter { !"_-. :/()\t\u{A0}".contains($0) }
  }

  /// The columns by role: for each role the first of its names that the file has. Two columns for a
  /// date and a clock are one time.
  static func find(in header: [String]) -> [ImportRole: [Int]] {
    var columnOfKey: [String: Int] = [:]
    for (column, name) in header.enumerated() where columnOfKey[key(name)] == nil {
      columnOfKey[key(name)] = column
    }
    var found: [ImportRole: [Int]] = [:]
    var taken: Set<Int> = []
    for (role, names) in usual {
      for name in names {
        guard let column = columnOfKey[name], taken.insert(column).inserted else { continue }
        found[role] = [column]
        break
      }
    }
    if let time = found[.time]?.first, dates.contains(key(header[time])),
      let clock = clocks.lazy.compactMap({ columnOfKey[$0] }).first(where: { $0 != time })
    {
      found[.time] = [time, clock]
    }
    return found
  }

  private static let dates: Set = [
    "datum", "date", "orderdate", "besteldatum", "factuurdatum", "invoicedate", "purchasedate",
    "transactiondate", "aankoopdatum", "day", "dag",
  ]
  private static let clocks = [
    "tijd", "clock", "time", "uur", "hour", "ordertime", "transactiontime",
  ]

  /// Names that say most come first.
  private static let usual: [(ImportRole, [String])] = [
    (
      .customer,
      [
        "customer", "customerid", "customernumber", "customerno", "customernr", "customercode",
        "klant", "klantnummer", "klantnr", "klantid", "klantcode", "relatienummer", "relatie",
        "debiteurnummer", "debiteurnr", "debiteur", "clientid", "client", "userid", "user",
        "gebruiker", "gebruikersid", "gebruikerid", "visitorid", "visitor", "bezoeker",
        "bezoekerid", "distinctid", "anonymousid", "memberid", "member", "lidnummer", "contactid",
        "contact", "householdid", "household", "huishouden", "accountid", "account",
        "personid", "person", "emailaddress", "emailadres", "email", "caseconceptname", "caseid",
      ]
    ),
    (
      .time,
      [
        "timestamp", "tijdstip", "tijdstempel", "datetime", "datumtijd", "moment", "eventtime",
        "occurredat", "occurred", "createdat", "eventtimestamp", "timetimestamp", "datum", "date",
        "orderdate", "besteldatum", "factuurdatum", "invoicedate", "purchasedate",
        "transactiondate", "aankoopdatum", "time", "tijd", "ts", "at", "day", "dag",
      ]
    ),
    (
      .event,
      [
        "event", "gebeurtenis", "eventname", "eventtype", "action", "actie", "activity",
        "activiteit", "handeling", "conceptname", "type", "soort",
      ]
    ),
    (.channel, ["channel", "kanaal", "channelname", "contactkanaal", "casechannel"]),
    (
      .origin,
      [
        "origin", "herkomst", "trafficsource", "marketingchannel", "marketingkanaal", "utmmedium",
        "utmsource", "bron",
      ]
    ),
    (.device, ["device", "apparaat", "devicetype", "toestel", "devicecategory"]),
    (
      .content,
      [
        "content", "inhoud", "product", "productname", "productnaam", "productid", "artikel",
        "artikelnummer", "sku", "stockcode", "item", "itemid", "page", "pagina", "url", "pageurl",
        "path",
      ]
    ),
    (
      .campaign,
      ["campaign", "campagne", "campaignname", "campagnenaam", "utmcampaign", "campaignid"]
    ),
    (
      .value,
      [
        "value", "waarde", "amount", "bedrag", "revenue", "omzet", "ordertotal", "total", "totaal",
        "totaalbedrag", "orderbedrag", "orderwaarde", "ordervalue", "salesvalue", "sales",
        "totalprice", "price", "prijs",
      ]
    ),
    (.currency, ["currency", "valuta", "currencycode", "munt", "muntsoort"]),
    // Only what surely names one message: an id of an event may be that of a fair or a kind.
    (.id, ["messageid", "messageuuid", "berichtid", "eventuuid", "insertid", "$insertid"]),
    (.source, ["source", "systeem", "system"]),
    (.offset, ["utcoffsetminutes", "utcoffset", "tzoffset"]),
    (.quantity, ["quantity", "aantal", "qty"]),
  ]
}
