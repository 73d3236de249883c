extension Calibration {
  /// What a model file keeps, by name: each statistic's tensors after its name, the profile's, and the references.
  package var tensors: [String: [Double]] {
    var all: [String: [Double]] = [:]
    func add(_ part: String, _ tensors: [String: [Double]]) {
      for (name, values) in tensors { all["\(part).\(name)"] = values }
    }
    add(Self.profileName, profile.tensors)
    for statistic in whole { add(type(of: statistic).name.rawValue, statistic.tensors) }
    add(Self.referenceName, Dictionary(uniqueKeysWithValues: references.map { ($0.rawValue, $1.sorted) }))
    if let tiles {
      add(
        Self.tileName,
        Dictionary(uniqueKeysWithValues: tiles.laws.map { ($0.rawValue, $1.references.sorted) }))
      for (name, values) in tiles.whole.tensors { all["\(Self.wholeName).\(name)"] = values }
      // A file holds no empty tensors.
      if !tiles.bits.isEmpty { all[Self.bitsName] = tiles.bits }
    }
    return all
  }

  /// The calibration that kept these tensors. Statistics without references among them are left out: the model was
  /// calibrated before they were thought of.
  ///
  /// - Parameters:
  ///   - kind: nil for that of the evaluations.
  ///   - form: of the model's estimates at so many evaluations.
  ///   - names: of all tensors there are.
  ///   - isTiled: whether images are judged by their tiles.
  ///   - tensor: a tensor by name, of a certain count where one is given.
  /// - Throws: `CalibrationError.unsuitable`, `.notFinite`, and what `tensor` throws.
  package init(
    evaluations: Int, kind: StatisticKind? = nil, form: EstimateForm, names: Set<String>,
    isTiled: Bool = false,
    tensor: @escaping (String, Int?) throws -> [Double]
  ) throws {
    func part(_ name: String) -> (String, Int?) throws -> [Double] { { try tensor("\(name).\($0)", $1) } }
    let kind = kind ?? StatisticKind(evaluations: evaluations)
    let kept = StatisticRegistry.names(kind).filter { names.contains("\(Self.referenceName).\($0.rawValue)") }
    guard !kept.isEmpty else { throw CalibrationError.unsuitable("there are no reference scores") }
    let profile = try ErrorProfile(tensor: part(Self.profileName))
    if let refusal = profile.refusal(for: form) { throw CalibrationError.unsuitable(refusal) }
    var whole: [any Statistic] = []
    for type in StatisticRegistry.whole(kind) where !Set(kept).isDisjoint(with: [type.name] + type.parts) {
      let statistic = try type.init(tensor: part(type.name.rawValue))
      if let refusal = statistic.refusal(for: form) { throw CalibrationError.unsuitable(refusal) }
      whole.append(statistic)
    }
    var references: [StatisticName: ReferenceScores] = [:]
    for name in kept {
      references[name] = try ReferenceScores(try tensor("\(Self.referenceName).\(name.rawValue)", nil))
    }
    self.init(
      evaluations: evaluations, kind: kind, profile: profile, whole: whole, references: references,
      tiles: isTiled
        ? try Self.tiles(
          of: kept, names, tensor,
          whole: Calibration(
            evaluations: evaluations, kind: kind, form: form,
            names: Set(
              names.filter { $0.hasPrefix("\(Self.wholeName).") }
                .map { String($0.dropFirst(Self.wholeName.count + 1)) }), tensor: part(Self.wholeName)))
        : nil)
  }

  /// What was kept of tiles: the law of each statistic that there are references of.
  private static func tiles(
    of kept: [StatisticName], _ names: Set<String>, _ tensor: (String, Int?) throws -> [Double],
    whole: Calibration
  ) throws -> TileLaws {
    guard Set(kept).isSubset(of: whole.names) else {
      throw CalibrationError.unsuitable("a statistic of tiles has none of whole images")
    }
    var laws: [StatisticName: TileLaw] = [:]
    for name in kept {
      let scores = try tensor("\(tileName).\(name.rawValue)", nil)
      guard !scores.isEmpty else { throw CalibrationError.unsuitable("there are no scores of tiles") }
      laws[name] = TileLaw(try ReferenceScores(scores))
    }
    return TileLaws(laws, whole: whole, bits: names.contains(bitsName) ? try tensor(bitsName, nil) : [])
  }

  /// Where the profile lies: beside the tensors of the statistic of its name, which never has these two.
  private static let profileName = "profile"
  private static let referenceName = "reference"
  private static let tileName = "tile"
  private static let wholeName = "whole"
  private static let bitsName = "image.bits"
}
