import Cache
import Detection
import Files
import Foundation
import Images
import Reports
import Tensors
import Testing

@testable import Surprisal

/// Sheets of discs, too large to be looked at whole.
struct TileTests {
  /// A sheet of discs of the model's size, side by side.
  static func sheet(_ columns: Int, _ rows: Int, _ random: inout RandomSource) -> Bitmap {
    var sheet = Bitmap(width: 16 * columns, height: 16 * rows, channels: 1, filledWith: 0)
    for row in 0..<rows {
      for column in 0..<columns {
        sheet.paste(Discs.disc(&random), scale: 1, x: 16 * column, y: 16 * row)
      }
    }
    return sheet
  }

  /// Sheets of two sizes in a folder.
  static func sheets(_ count: Int, seed: UInt64, in folder: String) throws {
    var random = RandomSource(seed: seed)
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for index in 0..<count {
      let sheet = index % 2 == 0 ? sheet(5, 4, &random) : sheet(3, 3, &random)
      try Discs.write(sheet, to: "\(folder)/\(100 + index).png")
    }
  }

  static let tiling = Tiling(overlap: 0)

  static func fitted(_ folder: String, evaluations: Int = 0) throws -> Model {
    try sheets(24, seed: 5, in: "\(folder)/ok")
    var model = try Discs.model()
    let found = try model.fit(
      toTilesOf: [FilePath("\(folder)/ok")], tiling: tiling, shape: FittedShape(of: model), anew: false,
      budget: .fixed(evaluations), compute: Discs.compute)
    #expect(found.used == 24 && found.given == 24 && found.tiles == 12 * 20 + 12 * 9)
    return model
  }

  /// A sheet with checks at its third column and second row.
  static func damaged(in folder: String) throws -> String {
    var random = RandomSource(seed: 50)
    var sheet = sheet(5, 4, &random)
    sheet.paste(Discs.checks, scale: 1, x: 32, y: 16)
    let path = "\(folder)/new/damaged.png"
    try sheets(4, seed: 51, in: "\(folder)/new")
    try Discs.write(sheet, to: path)
    return path
  }

  static func records(_ scan: Scan, _ paths: [String], _ judge: Judge) throws -> [Record] {
    var records: [Record] = []
    _ = try scan.run(paths.map { FilePath($0) }, by: judge) { records.append($0) }
    return records
  }

  @Test(
    "Damage in one tile of a sheet flags the sheet, and says where; a file of the model scans alike, a cache too"
  )
  func scan() throws {
    try Discs.withFolder { folder in
      let model = try Self.fitted(folder)
      #expect(model.calibrations.map(\.evaluations) == [0])
      #expect(try model.calibration().referenceCount == 24 && model.tiling == Self.tiling)
      let damaged = try Self.damaged(in: folder)
      var scan = Scan()
      scan.rule = .falsePositiveRate(0.05)
      let judge = try Judge(model, statistic: .activations, rate: 0.05, compute: Discs.compute)
      let records = try Self.records(scan, ["\(folder)/new"], judge)
      let first = try #require(records.first)
      #expect(records.count == 5 && first.path == damaged && first.outlier == true, "\(records)")
      #expect(first.pValue == 1.0 / 25 && first.tiles == 20 && first.width == 80 && first.height == 64)
      #expect(first.reason?.hasPrefix("around 40, 24 of 80x64: ") == true, "\(first.reason ?? "")")
      #expect(Set(records.map(\.tiles)) == [20, 9])
      // As a file has it.
      let path = "\(folder)/m.safetensors"
      try model.write(to: path)
      let read = try Model(path: path)
      #expect(read.tiling == Self.tiling && read.digest == model.digest)
      let again = try Judge(read, statistic: .activations, rate: 0.05, compute: Discs.compute)
      #expect(try Self.records(scan, ["\(folder)/new"], again).map(\.pValue) == records.map(\.pValue))
      // And from the cache.
      scan.cache = try ResultCache(folder: FilePath("\(folder)/cache"))
      #expect(try Self.records(scan, ["\(folder)/new"], judge) == records)
      #expect(try Self.records(scan, ["\(folder)/new"], judge) == records)
      // A model without the tiling is another.
      var whole = model
      whole.tiling = nil
      #expect(whole.digest != model.digest)
    }
  }

  @Test("Of sheets that show the same some fit, and one is a reference")
  func copies() throws {
    try Discs.withFolder { folder in
      try Self.sheets(24, seed: 5, in: "\(folder)/ok")
      // Seven times the first, of five by four discs: twice the same, and five that are brighter by one or more.
      let path = "\(folder)/ok/100.png"
      let first = try ImageDecoder().decode(path: FilePath(path))
      try FileManager.default.copyItem(atPath: path, toPath: "\(folder)/ok/100a.png")
      for more in 1...5 {
        let brighter = first.pixels.map { $0 == 0 ? $0 : UInt8(min(Int($0) + more, 255)) }
        try Discs.write(
          Bitmap(shape: ImageShape(height: 64, width: 80, channels: 1), pixels: brighter),
          to: "\(folder)/ok/100b\(more).png")
      }
      var model = try Discs.model()
      let found = try model.fit(
        toTilesOf: [FilePath("\(folder)/ok")], tiling: Self.tiling, shape: FittedShape(of: model),
        anew: false, compute: Discs.compute)
      #expect(found.used == 30 && found.copies.exact == 1 && found.copies.near == 5)
      // Of the seven that show the same four fit.
      #expect(found.tiles == 12 * 20 + 12 * 9 + 3 * 20)
      #expect(try model.calibration().referenceCount == 24)
    }
  }

  @Test(
    "What marks damage learns it in tiles and in whole images, of images that do not fit; it judges, and says where"
  )
  func damage() throws {
    try Discs.withFolder { folder in
      try Self.sheets(24, seed: 5, in: "\(folder)/ok")
      try Self.sheets(12, seed: 6, in: "\(folder)/more")
      // One of those to learn from fits as well.
      try FileManager.default.copyItem(atPath: "\(folder)/ok/100.png", toPath: "\(folder)/more/900.png")
      var lesson = DamageLesson([FilePath("\(folder)/more")])
      (lesson.steps, lesson.isTried) = (20, false)
      var model = try Discs.model()
      let trained = model.learned.hashes[.trained]?.count ?? 0
      try model.fit(
        toTilesOf: [FilePath("\(folder)/ok")], tiling: Self.tiling, shape: FittedShape(of: model),
        anew: false, marking: lesson, compute: Discs.compute)
      #expect(model.hasDamageEyes && model.tiling == Self.tiling)
      #expect((model.learned.hashes[.trained]?.count ?? 0) - trained == 12)
      #expect(try model.calibration().names.contains(.damage))
      #expect(model.standardStatistic(under: nil) == .damage)
      let damaged = try Self.damaged(in: folder)
      let found = try TiledExplanation(of: FilePath(damaged), under: model, compute: Discs.compute)
      #expect(found.scores.first?.statistic == .damage)
      // Within a tile places differ, and what is said of them is of the sheet.
      let tile = (16..<32).flatMap { y in found.oddness[(y * 80 + 32)..<(y * 80 + 48)] }
      #expect(Set(tile).count > 1)
      #expect(found.scores.first?.reason.contains("of 80x64) as if damaged") == true)
      #expect(found.scores.first?.reason.contains("of 16x16") == false)
      let population = try TiledPopulation(
        of: [FilePath("\(folder)/more")], Self.tiling, Discs.shape, ImageReading()
      ) { _, _ in }
      // 7 sheets of 20 tiles and 6 of 9; 13 sheets, as often as they are no more than tiles.
      #expect(population.tiles.count == 7 * 20 + 6 * 9 && population.views.count == 194 + 14 * 13)
      let some = population[[1, 4]]
      #expect(
        some.small.count == 2 && some.owners == .init(repeating: 0, count: 9) + .init(repeating: 1, count: 20)
      )
      #expect(some.sources.map(\.path) == [1, 4].map { population.sources[$0].path })
    }
  }

  @Test(
    "An image's bits are the mean over its pixels of its tiles' bits; one tile's are those of looking at it whole"
  )
  func bits() throws {
    try Discs.withFolder { folder in
      let model = try Self.fitted(folder, evaluations: 4)
      #expect(model.calibrations.map(\.evaluations) == [4, 0])
      var random = RandomSource(seed: 60)
      let sheet = Self.sheet(2, 1, &random)
      let paths = ["\(folder)/two.png", "\(folder)/one.png"]
      try Discs.write(sheet, to: paths[0])
      let disc = Discs.disc(&random)
      try Discs.write(disc, to: paths[1])
      let judge = try Judge(model, rate: 0.05, compute: Discs.compute)
      var scan = Scan()
      scan.rule = .falsePositiveRate(0.05)
      let found = try Self.records(scan, paths, judge)
      let scorer = try Scorer(model, evaluations: 4, compute: Discs.compute)
      func half(_ left: Int) -> Bitmap {
        Bitmap(
          shape: Discs.shape,
          pixels: (0..<256).map { sheet.pixels[$0 / 16 * 32 + left + $0 % 16] })
      }
      let tiles = try scorer.estimate(
        ImageBatch(shape: Discs.shape, images: [half(0), half(16), disc]))
      let two = try #require(found.first { $0.path == paths[0] })
      let one = try #require(found.first { $0.path == paths[1] })
      #expect(two.tiles == 2 && two.evaluations == 12 && one.tiles == 1 && one.evaluations == 8)
      #expect(abs(try #require(two.bitsPerDim) - (tiles[0].bitsPerDim + tiles[1].bitsPerDim) / 2) < 1e-9)
      #expect(try #require(one.bitsPerDim) == tiles[2].bitsPerDim)
      #expect(one.reason?.contains("around") == false)
      // The batch of whole images takes each as its only tile.
      let judged = try judge.judge(ImageBatch(shape: Discs.shape, images: [disc]))[0]
      #expect(judged.score == one.score && judged.pValue == one.pValue && judged.tiles == 1)
    }
  }

  @Test(
    "A map is of the whole image: the damage is where it is oddest, and the picture is no larger than it has to be"
  )
  func map() throws {
    try Discs.withFolder { folder in
      let model = try Self.fitted(folder)
      let damaged = try Self.damaged(in: folder)
      let found = try TiledExplanation(of: FilePath(damaged), under: model, compute: Discs.compute)
      #expect(found.image.width == 80 && found.image.height == 64 && found.oddness.count == 80 * 64)
      #expect(found.bits == nil && found.bitsPerDim == nil)
      let most = try #require(found.oddness.max())
      for (place, value) in found.oddness.enumerated() {
        let isDamage = (32..<48).contains(place % 80) && (16..<32).contains(place / 80)
        #expect((value == most) == isDamage, "\(place)")
      }
      #expect(found.scores.map(\.statistic) == (try model.calibration().names))
      #expect(found.scores.first?.reason.hasPrefix("around 40, 24 of 80x64: ") == true)
      // With evaluations, bits are mapped that sum to the image's.
      let bits = try TiledExplanation(
        of: FilePath(damaged), under: model, evaluations: 4, compute: Discs.compute)
      let mapped = try #require(bits.bits).reduce(0, +) / Double(80 * 64)
      #expect(abs(mapped - (try #require(bits.bitsPerDim))) < 1e-6)
      #expect(bits.picture.width > 2 * 80 && bits.picture.height == 64)
    }
  }

  @Test("Overlapping tiles are averaged, over as many places as asked for")
  func averages() {
    let grid = Tiling(overlap: 0.5).grid(width: 24, height: 16, tile: Discs.shape)
    #expect(grid.columns == [0, 8])
    var map = TileMap(grid)
    map.add(0, value: 1)
    map.add(1, value: 3)
    #expect(
      Array(map.values.prefix(24)) == [Double](repeating: 1, count: 8) + [Double](repeating: 2, count: 8)
        + [Double](repeating: 3, count: 8))
    var small = TileMap(grid, side: 3)
    small.add(0, value: 1)
    small.add(1, value: 3)
    #expect(small.width == 3 && small.height == 2 && small.values == [1, 2, 3, 1, 2, 3])
  }

  @Test("However large an image is, so many tiles wait at most", arguments: [40, 400])
  func memory(height: Int) throws {
    try Discs.withFolder { folder in
      let path = "\(folder)/\(height).png"
      try Discs.write(Bitmap(width: 320, height: height, channels: 1, filledWith: 9), to: path)
      try expectBound(ImageSource.file(FilePath(path)), height: height)
    }
  }

  private func expectBound(_ source: ImageSource, height: Int) throws {
    let feed = TileFeed(
      2, shape: Discs.shape, tiling: Tiling(), decoder: ImageDecoder(), ahead: 12,
      open: { _ throws(ImageError) in try source.read(ImageDecoder()) })
    let grid = Tiling().grid(width: 320, height: height, tile: Discs.shape)
    var (tiles, ends) = (0, 0)
    while case let items = feed.next(8), !items.isEmpty {
      for item in items {
        switch item {
        case .tile(let tile):
          #expect(tile.image == ends && tile.grid == grid)
          tiles += 1
        case .end(let image, let decoded):
          #expect(image == ends && (try? decoded.get().origin.height) == height)
          ends += 1
        }
      }
    }
    #expect(tiles == 2 * grid.count && ends == 2 && feed.mostHeld <= 12)
  }

  @Test("A damaged file is unreadable, and none of its tiles counts for another image")
  func damagedFile() throws {
    try Discs.withFolder { folder in
      let model = try Self.fitted(folder)
      _ = try Self.damaged(in: folder)
      let judge = try Judge(model, rate: 0.05, compute: Discs.compute)
      let whole = try Self.records(Scan(), ["\(folder)/new"], judge)
      let cut = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/new/100.png"))
      // Before all others in order, and cut in its pixels.
      try cut.prefix(cut.count * 3 / 4).write(to: URL(fileURLWithPath: "\(folder)/new/000.png"))
      let records = try Self.records(Scan(), ["\(folder)/new"], judge)
      #expect(records.last?.path == "\(folder)/new/000.png" && records.last?.error != nil)
      #expect(records.dropLast().map(\.score) == whole.map(\.score))
    }
  }

  @Test(
    "What cannot be done by tiles is refused in words; fitted without tiles the model looks at images whole")
  func refusals() throws {
    try Discs.withFolder { folder in
      var model = try Self.fitted(folder)
      #expect(throws: SurprisalError.self) {
        try Judge(model, budget: .auto, rate: 0.05, compute: Discs.compute)
      }
      let discs = Discs.discs(40, seed: 61)
      let refused = #expect(throws: SurprisalError.self) {
        try model.calibrate(on: discs, compute: Discs.compute)
      }
      #expect(refused?.description.contains("not by tiles") == true)
      #expect(throws: SurprisalError.self) {
        try model.fit(toTilesOf: [FilePath(folder)], tiling: Tiling(scale: 3), compute: Discs.compute)
      }
      #expect(throws: CalibrationError.self) {
        try model.fit(
          toTilesOf: (100..<105).map { FilePath("\(folder)/ok/\($0).png") }, tiling: Self.tiling,
          shape: FittedShape(of: model), compute: Discs.compute)
      }
      try model.fit(to: discs, anew: false, compute: Discs.compute)
      #expect(model.tiling == nil && model.calibrations.allSatisfy { $0.tiles == nil })
      var header = try Self.fitted("\(folder)/again").file()
      let text = try #require(header.metadata["surprisal"])
      header.metadata["surprisal"] = text.replacing("\"overlap\":0", with: "\"overlap\":7")
      let error = #expect(throws: ModelFileError.self) { try Model(header, path: "x") }
      #expect(error?.description.contains("overlap") == true)
    }
  }

  @Test("Parts of a scan by tiles come to the same records as one scan")
  func parts() throws {
    try Discs.withFolder { folder in
      let model = try Self.fitted(folder)
      _ = try Self.damaged(in: folder)
      let judge = try Judge(model, rate: 0.05, compute: Discs.compute)
      let whole = try Self.records(Scan(), ["\(folder)/new"], judge)
      for format in [ReportFormat.jsonl, .csv] {
        var parts: [FilePath] = []
        for number in 1...2 {
          var scan = Scan()
          scan.portion = Scan.Portion(
            shard: Shard(number: number, of: 2), model: "m", program: "test")
          var writer = RecordWriter(format)
          var text = ""
          _ = try scan.run(
            [FilePath("\(folder)/new")], by: judge, begin: { text += writer.begin($0) },
            { text += writer.line($0) })
          let path = "\(folder)/\(number).\(format.rawValue)"
          try Data((text + writer.end).utf8).write(to: URL(fileURLWithPath: path))
          parts.append(FilePath(path))
        }
        var merged: [Record] = []
        _ = try Merge(parts).run(under: model) { merged.append($0) }
        #expect(merged.map(\.tiles) == whole.map(\.tiles))
        #expect(merged.map(\.score) == whole.map(\.score) && merged.map(\.path) == whole.map(\.path))
      }
    }
  }

  @Test("Sets are told apart by their tiles, and maps are held against masks")
  func evaluation() throws {
    try Discs.withFolder { folder in
      let model = try Self.fitted(folder)
      let damaged = try Self.damaged(in: folder)
      try FileManager.default.createDirectory(
        atPath: "\(folder)/masks", withIntermediateDirectories: true)
      var mask = Bitmap(width: 80, height: 64, channels: 1, filledWith: 0)
      mask.paste(
        Bitmap(width: 16, height: 16, channels: 1, filledWith: 255), scale: 1, x: 32, y: 16)
      try Discs.write(mask, to: "\(folder)/masks/damaged_mask.png")
      var evaluation = try Evaluation(model, compute: Discs.compute)
      evaluation.masks = [FilePath("\(folder)/masks")]
      let known = try evaluation.score(
        .init(name: "in", paths: (100..<104).map { "\(folder)/new/\($0).png" }))
      let found = try evaluation.score(.init(name: "out", paths: [damaged]))
      #expect(known.count == 4 && found.count == 1 && found.masked == 1)
      #expect(found.pixels?.auroc == 1)
      let activations = try #require(
        evaluation.separations(of: known, from: found).first { $0.statistic == "activations" })
      #expect(activations.separation.auroc == 1)
    }
  }
}
