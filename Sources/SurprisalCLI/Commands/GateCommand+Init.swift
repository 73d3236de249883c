import ArgumentParser
import Foundation
import Surprisal

extension GateCommand {
  /// The policy of a first scan, and beside it the model and the baseline that it names.
  func writePolicy() throws {
    let file = FilePath(policy ?? Policy.standardPath)
    let folder = file.bytes.contains(UInt8(ascii: "/")) ? file.folder : FilePath("")
    let modelFile = folder.appending("surprisal.safetensors".utf8)
    let baselineFile = folder.appending("surprisal-baseline.txt".utf8)
    let written = [file] + (model == nil ? [modelFile] : []) + [baselineFile]
    if !force, let there = written.first(where: { FileManager.default.fileExists(atPath: "\($0)") }) {
      throw SurprisalError.cannotWrite(
        path: "\(there)", reason: "it is there already; --force writes over it")
    }
    let destinations = try written.map { try Destination($0) }

    var draft = GateDraft()
    draft.policy = try rules(over: Policy())
    draft.rule = verdict.rule
    draft.reading = images.read.reading
    draft.cache = try caching.open(shown)
    let paths = try images.expanded()
    let found: GateDraft.Outcome
    do {
      found = try draft.run(
        paths, under: model.map { try ModelOptions.load($0) },
        fitting: { try ModelOptions.load(ModelOptions.shipped) }, compute: eyes.finding(computing.compute),
        progress: { what, count in shown.progress("\(count) images \(what)") })
    } catch CalibrationError.tooFewToJudge(let count, let needed) {
      shown.progressDone()
      shown.next([
        ("surprisal gate --init MORE-IMAGES", "a model fitted to \(needed) images or more"),
        ("surprisal gate --init \(images.quoted) --model MODEL", "by a model that is there"),
      ])
      throw CalibrationError.tooFewToJudge(found: count, needed: needed)
    }
    shown.progressDone()
    shown.note(found.summary.text)

    var policy = found.policy
    var next = destinations.dropFirst()
    if let (fitted, count) = found.fitted {
      // There where no model was given.
      try fitted.write(to: next.removeFirst())
      shown.note("\(modelFile): a model of \(count) images that were not flagged")
      policy.model = "surprisal.safetensors"
    } else {
      policy.model = try named(model ?? "", from: folder)
    }
    let accepted = found.baseline.entries.count
    if accepted > 0 {
      try found.baseline.write(to: next.removeFirst())
      shown.note("\(baselineFile): \(accepted) outliers, accepted for now")
      policy.baseline = "surprisal-baseline.txt"
    }
    try destinations[0].write(policy.yaml(of: found, schema: Self.schema).utf8)
    shown.note("\(file): the policy")
    let name = found.fitted == nil ? FilePath(model ?? "") : modelFile
    let place = self.policy.map { " --policy \(FilePath($0).quoted)" } ?? ""
    var steps = [("surprisal gate \(images.quoted)\(place)", "decides by it")]
    if accepted > 0 {
      steps.insert(
        (
          "surprisal scan \(images.quoted) --model \(name.quoted) --fpr \(String(format: "%g", policy.rule.rate)) --format html --output outliers.html",
          "look at the outliers; take lines out of \(baselineFile) that are not fine"
        ), at: 0)
    }
    shown.next(steps)
  }

  /// A model's name as a policy in a folder says it: a path from there.
  private func named(_ model: String, from folder: FilePath) throws -> String {
    let path = try ModelOptions.path(of: model)
    guard path == model, !path.hasPrefix("/"), !folder.bytes.isEmpty else { return model }
    return FileManager.default.currentDirectoryPath + "/" + path
  }

  /// Where editors find the schema: where it is installed beside this program, or else where it is by custom.
  private static var schema: String {
    let share = ModelOptions.share ?? "/usr/local/share/surprisal"
    return FileManager.default.fileExists(atPath: "\(share)/\(Policy.schema)")
      ? "\(share)/\(Policy.schema)" : "/usr/local/share/surprisal/\(Policy.schema)"
  }
}
