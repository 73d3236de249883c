import Detection
import Files
import Foundation
import Images
import Reports
import ScoreModel
import Tensors
import Testing

@testable import Surprisal

/// What is tried on pictures of a wedge on a table: how it lies is said, the rest is the picture's own.
struct AlignmentTrialTests {
  /// A wedge with a notch, in 64 x 64 pixels.
  static func wedge(_ random: inout RandomSource, turned: Bool, notched: Bool = true, side: Int = 64)
    -> Bitmap
  {
    let scale = Double(side) / 64
    let angle = turned ? 2 * Double.pi * random.uniform() : 0
    let (x, y) = (26 + 12 * random.uniform(), 26 + 12 * random.uniform())
    let (tone, light) = (60 + 20 * random.uniform(), 180 + 20 * random.uniform())
    func share(_ column: Double, _ row: Double) -> Double {
      let (dx, dy) = (column - x, row - y)
      let (u, v) = (dx * cos(angle) + dy * sin(angle), dy * cos(angle) - dx * sin(angle))
      // Wide at one end, and half as wide at the other.
      let body = max(abs(u) - 18, abs(v) - (6 - u / 6))
      let notch = notched ? max(abs(u - 6) - 3, 4 - v) : 9
      return min(max(0.5 - max(body, -notch), 0), 1)
    }
    return Bitmap(
      width: side, height: side, channels: 1,
      pixels: (0..<side * side).map { place in
        let (column, row) = ((Double(place % side) + 0.5) / scale, (Double(place / side) + 0.5) / scale)
        let part = share(column, row)
        let level = part * tone + (1 - part) * (light + row / 4) + 6 * (random.uniform() - 0.5)
        return UInt8(min(max(level, 0), 255))
      })
  }

  static func wedges(_ count: Int, turned: Bool, notched: Bool = true, seed: UInt64 = 3, in folder: String)
    throws
  {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    var random = RandomSource(seed: seed)
    for index in 0..<count {
      try Discs.write(
        wedge(&random, turned: turned, notched: notched, side: 96), to: "\(folder)/\(100 + index).png")
    }
  }

  private static func choice(_ folder: String, _ shape: FittedShape = FittedShape()) throws
    -> FittedShape.Choice
  {
    try shape.choice(
      of: [FilePath(folder)], reading: ImageReading(), trying: SizeTrialTests.photos(), compute: Discs.compute
    )
  }

  @Test(
    "Things that lie anyhow are turned alike, things that lie alike are not, and each choice says what it saw"
  )
  func choice() throws {
    try Discs.withFolder { folder in
      try Self.wedges(48, turned: true, in: "\(folder)/anyhow")
      let anyhow = try Self.choice("\(folder)/anyhow", FittedShape(size: (32, 32)))
      #expect(anyhow.width == 32 && anyhow.alignment?.kind == .turned, "\(anyhow)")
      for words in ["as images are at 32", "placed at 32", "placed and turned at 32"] {
        #expect(anyhow.reason.contains(words), "\(anyhow.reason)")
      }
      try Self.wedges(48, turned: false, in: "\(folder)/alike")
      let alike = try Self.choice("\(folder)/alike", FittedShape(size: (32, 32)))
      #expect(alike.alignment?.kind != .turned, "\(alike)")
      let small = try #require(
        AlignmentTrial(of: [FilePath("\(folder)/anyhow")], reading: ImageReading(), channels: 3))
      #expect(small.things.share == 1 && small.shorter == 96)
      #expect(try small.sides(upTo: 128, of: SizeTrialTests.photos()) == [32, 64])
      #expect(try small.sides(upTo: 32, of: SizeTrialTests.photos()) == [32])
    }
  }

  @Test("What shows no thing on a plain ground is taken whole, and cannot be told to be aligned")
  func clouds() throws {
    try Discs.withFolder { folder in
      try SizeTrialTests.clouds(40, side: 80, in: folder)
      let choice = try Self.choice(folder)
      #expect(choice.alignment == nil && choice.reason.hasPrefix("made-up flaws are told"), "\(choice)")
      let error = #expect(throws: SurprisalError.self) {
        try Self.choice(folder, FittedShape(aligning: .always(.turned)))
      }
      #expect(error.map { "\($0)" }?.contains("one thing on a plain ground") == true)
    }
  }

  @Test(
    "A model aligns what it judges as what it was fitted to: in a scan, in an evaluation, and from its file"
  )
  func judged() throws {
    try Discs.withFolder { folder in
      let (known, good, bad) = ("\(folder)/known", "\(folder)/good", "\(folder)/bad")
      try Self.wedges(48, turned: true, in: known)
      try Self.wedges(20, turned: true, seed: 50, in: good)
      try Self.wedges(20, turned: true, notched: false, seed: 60, in: bad)
      func area(_ aligning: FittedShape.Aligning) throws -> Double {
        var model = try SizeTrialTests.photos()
        try model.fit(
          to: [FilePath(known)], shape: FittedShape(size: (32, 32), channels: 1, aligning: aligning),
          compute: Discs.compute)
        // What a file keeps aligns alike.
        let kept = try Model(try model.file(), path: "x")
        #expect(kept.alignment == model.alignment)
        let evaluation = try Evaluation(kept, evaluations: 0, compute: Discs.compute)
        let inside = try evaluation.score(.init(name: "good", paths: [good]))
        let outside = try evaluation.score(.init(name: "bad", paths: [bad]))
        // A scan sees the same windows: the same scores.
        var scanned: [Double] = []
        _ = try Scan().run([bad], by: Judge(kept, budget: .look, rate: 0.5, compute: Discs.compute)) {
          scanned += [$0.score].compactMap { $0 }
        }
        let scores = try #require(outside.scores[.appearance])
        #expect(
          scanned.count == 20 && zip(scanned.sorted(), scores.sorted()).allSatisfy { abs($0 - $1) < 1e-3 })
        return try #require(
          evaluation.separations(of: inside, from: outside).first { $0.statistic == "appearance" }
        ).separation.auroc
      }
      let (whole, turned) = (try area(.never), try area(.always(.turned)))
      // 20 against 20: the standard error of an area near a half is .09.
      #expect(turned > 0.9 && turned > whole + 0.2, "\(whole), \(turned)")
    }
  }

  @Test("Training aligns what it learns from, says so in its checkpoint, and goes on alike")
  func training() throws {
    try Discs.withFolder { folder in
      let known = "\(folder)/known"
      try Self.wedges(48, turned: true, in: known)
      let trial = try #require(AlignmentTrial(of: [FilePath(known)], reading: ImageReading(), channels: 1))
      var training = try Discs.training(folder, steps: 6)
      (training.eyes, training.damage) = (.none, .none)
      training.alignment = try trial.alignment(.turned)
      let once = try #require(try training.run([known], compute: Discs.compute) { _ in })
      #expect(once.alignment == training.alignment)
      var steps = 0
      let stopped = try training.run(
        [known], compute: Discs.compute,
        shouldStop: {
          steps += 1
          return steps > 3
        }, report: { _ in })
      #expect(stopped == nil)
      let checkpoint = try Checkpoint(path: try #require(training.checkpoint))
      #expect(checkpoint.run?.alignment == training.alignment)
      var resumed = Training(resuming: checkpoint)
      resumed.alignment = nil
      #expect(throws: SurprisalError.self) { try resumed.validate() }
      resumed = Training(resuming: checkpoint)
      let gone = try #require(try resumed.run(compute: Discs.compute) { _ in })
      #expect(try gone.file().encoded() == once.file().encoded())
    }
  }

  @Test(
    "Images of a folder that judge one another are aligned where it is said, and a model of them aligns alike"
  )
  func folder() throws {
    try Discs.withFolder { folder in
      let known = "\(folder)/known"
      try Self.wedges(40, turned: true, in: known)
      try Discs.write(Bitmap(width: 96, height: 96, channels: 1, filledWith: 120), to: "\(known)/empty.png")
      var scan = FolderScan()
      scan.shape = FittedShape(size: (32, 32), aligning: .always(.turned))
      var records: [Record] = []
      let outcome = try scan.run([FilePath(known)], by: SizeTrialTests.photos(), compute: Discs.compute) {
        records.append($0)
      }
      #expect(records.count == 41 && outcome.alignment?.kind == .turned)
      let told = records.filter { $0.warning != nil }
      #expect(told.map { "\($0.file)" } == ["\(known)/empty.png"], "\(told)")
      #expect(try outcome.fitted(compute: Discs.compute).alignment == outcome.alignment)
    }
  }

  @Test(
    "Of a folder it is said that things lie anyhow where they do, and not where they lie alike or are of all kinds"
  )
  func lying() throws {
    try Discs.withFolder { folder in
      for (turned, name) in [(true, "anyhow"), (false, "alike")] {
        try Self.wedges(36, turned: turned, in: "\(folder)/\(name)")
        var scan = FolderScan()
        scan.shape = FittedShape(size: (32, 32))
        let outcome = try scan.run(
          [FilePath("\(folder)/\(name)")], by: SizeTrialTests.photos(), compute: Discs.compute
        ) { _ in }
        #expect(outcome.liesAnyhow == turned, "\(name)")
      }
    }
  }

  @Test("Maps of pages lie over what a file shows, not over it as it is aligned")
  func pictures() throws {
    try Discs.withFolder { folder in
      let known = "\(folder)/known"
      try Self.wedges(40, turned: true, in: known)
      var model = try SizeTrialTests.photos()
      try model.fit(
        to: [FilePath(known)], shape: FittedShape(size: (32, 32), channels: 1, aligning: .always(.turned)),
        compute: Discs.compute)
      let alignment = try #require(model.alignment)
      var pictures = try ReportPictures(model, reading: ImageReading(), compute: Discs.compute)
      pictures.begin(ReportTotals(scored: 1, outliers: 1, unreadable: 0))
      var record = Record(file: FilePath("\(known)/100.png"))
      record.outlier = true
      var drawn: [Record] = []
      pictures.add(record) { drawn.append($0) }
      pictures.finish { drawn.append($0) }
      let map = try #require(drawn.first?.pictures?.map)
      #expect(map.width == 96 && map.height == 96)
      let bitmap = try ImageDecoder().decode(map.bytes).converted(toChannels: 3)
      let image = try ImageDecoder().decode(path: "\(known)/100.png")
      let window = ImageShape(height: 32, width: 32, channels: 1)
      let reached = alignment.laidBack([Double](repeating: 1, count: 1024), window, over: image)
      // A JPEG's black is black within a few levels, but beside what is bright.
      let beyond = (0..<96 * 96).filter { reached[$0] == 0 }
      let bright = beyond.count { place in (0..<3).reduce(0) { $0 + Int(bitmap.pixels[3 * place + $1]) } > 60
      }
      #expect(beyond.count > 96 * 96 / 10 && bright < beyond.count / 20, "\(bright) of \(beyond.count)")
    }
  }
}
