import Collector
import CustomerJourney
import Dashboard

/// What each column of an uploaded file is: as it was found, and as the person changed it.
struct ImportChoices {
  private struct Column {
    var name: String
    var samples: [String]
    /// As the importer found it.
    var found: ImportRole?
    var role: ImportPage.ColumnRole
  }

  private var columns: [Column]
  private let format: ImportFormat
  private var constants: [ImportPage.ColumnRole: String] = [:]

  /// As found; `form` has what the person chose, `column.0`, `column.1`, … and `constant.channel`.
  init(_ found: ImportPreview, form: FormFields? = nil) {
    format = found.format
    columns = found.columns.enumerated().map { index, column in
      let role =
        form?["column.\(index)"].flatMap(ImportPage.ColumnRole.init(rawValue:))
        ?? column.role.flatMap { ImportPage.ColumnRole(rawValue: $0.rawValue) } ?? .property
      return Column(
        name: column.name, samples: column.samples, found: column.role, role: role)
    }
    for (name, value) in form?.fields ?? []
    where name.hasPrefix("constant.") && !value.trimmed.isEmpty {
      if let role = ImportPage.ColumnRole(rawValue: String(name.dropFirst("constant.".count))) {
        constants[role] = value.trimmed
      }
    }
  }

  /// Nil for a file that has no columns.
  var mapping: ImportMapping? {
    guard format.isTable else { return nil }
    var mapping = ImportMapping()
    var kept: [ImportMapping.Kept] = []
    for column in columns {
      switch column.role {
      case .leaveOut: continue
      // A date and a clock in two columns are one moment.
      case .time: mapping.time = .init(columns: (mapping.time?.columns ?? []) + [column.name])
      case .property:
        // An id or a quantity that was found stays what it is; the page doesn't ask about those.
        if let found = column.found, ImportPage.ColumnRole(rawValue: found.rawValue) == nil {
          mapping.columns[found] = .column(column.name)
        } else {
          kept.append(.init(column: column.name, name: column.name))
        }
      default:
        if let role = ImportRole(rawValue: column.role.rawValue) {
          mapping.columns[role] = .column(column.name)
        }
      }
    }
    mapping.extra = .columns(kept)
    for (role, value) in constants {
      // A column says more than a constant.
      guard !columns.contains(where: { $0.role == role }) else { continue }
      if let role = ImportRole(rawValue: role.rawValue) { mapping.constants[role] = value }
    }
    return mapping
  }

  /// The page's values: these choices, with the rows that they make of the file.
  func preview(
    _ preview: ImportPreview?, token: String, fileName: String, zone: Zone, problem: String? = nil
  ) -> ImportPage.Preview {
    var rows: [ImportPage.Row] = []
    var rejected: [ImportPage.Rejection] = []
    for row in preview?.rows ?? [] {
      switch row {
      case .touchpoint(let touchpoint, _):
        rows.append(
          ImportPage.Row(
            customer: touchpoint.customer, time: Self.clock(touchpoint, zone),
            event: touchpoint.event.name, channel: touchpoint.channel.name,
            content: touchpoint.content ?? "", value: touchpoint.value?.amount,
            currency: touchpoint.value?.currency.code))
      case .rejected(let row): rejected.append(.init(line: row.line, reason: row.reason))
      case .profile, .consent: break
      }
    }
    return ImportPage.Preview(
      upload: token, fileName: fileName, form: format.isTable ? nil : preview?.form,
      columns: columns.map { .init(name: $0.name, samples: $0.samples, role: $0.role) },
      constants: constants, rows: rows, rejected: rejected, read: preview?.rows.count ?? 0,
      rejectedCount: rejected.count, problem: problem)
  }

  /// What the person's clock showed where the row says their offset, else the project's.
  private static func clock(_ touchpoint: Touchpoint, _ zone: Zone) -> String {
    let civil =
      touchpoint.utcOffsetMinutes.map {
        CivilTime.of(milliseconds: touchpoint.occurred.milliseconds + Int64($0) * 60_000).civil
      } ?? zone.civil(touchpoint.occurred)
    return "\(civil.dateText) \(civil.clockText)"
  }
}
