// Words that a question is not searched by, as long as it has others.
//
// Used for questions only: rows keep all their words, so "to be or not to be" is found. Dropping them raised nDCG@10 on
// XQuAD from 0.966 to 0.969 and on Cranfield from 0.383 to 0.388, spares the longest postings, and keeps a question about
// something else from matching on "what is the". Closed word classes only, in lower case and before stemming.

enum StopWords {
  /// Whether `word` is one in a language stemmed by any of `algorithms`.
  static func contains(_ word: [UInt8], in algorithms: [StemmingAlgorithm]) -> Bool {
    algorithms.contains { lists[$0]?.contains(word) ?? false }
  }

  private static let lists: [StemmingAlgorithm: Set<[UInt8]>] = texts.mapValues { text in
    Set(text.split(whereSeparator: \.isWhitespace).map { Array($0.utf8) })
  }

  private static let texts: [StemmingAlgorithm: String] = [
    .english: """
    a an the of in on at to into from by with for and or nor but if than then that this these those
    is are was were be been being am do does did has have had having will would shall should can
    could may might must not no it its i you he she we they me him her us them my your his our
    their what which who whom whose when where why how there here as so such about
    """,
    .french: """
    le la les l un une des du de d au aux et ou où mais donc que qu qui quoi quel quelle quels
    quelles dont ce c cet cette ces est sont était étaient être été a ont avait avoir je j tu il
    elle on nous vous ils elles me m te t se s lui leur mon ma mes son sa ses notre votre nos vos
    ne n pas plus dans en par pour sur sous avec sans comment quand pourquoi combien y à si
    """,
    .german: """
    der die das den dem des ein eine einer eines einem einen und oder aber wenn dass daß ist sind
    war waren sein bin bist wird werden wurde wurden hat haben hatte hatten kann können ich du er
    sie es wir ihr mich mir dich dir uns euch ihm ihn ihnen mein dein sein unser euer nicht kein
    keine in im an am auf aus bei mit nach von vom zu zum zur für über unter durch als wie was wer
    wen wem wo wann warum welche welcher welches man sich so auch noch
    """,
    .spanish: """
    el la los las lo un una unos unas de del al a en y e o u pero que qué quien quién quienes cual
    cuál cuáles cuando cuándo donde dónde como cómo por para con sin sobre es son era eran ser sido
    está están estar ha han había haber yo tú él ella nosotros ellos ellas me te se nos les le mi
    tu su sus no si más este esta estos estas ese esa eso cuánto cuántos
    """,
    .italian: """
    il lo la i gli le l un uno una di del dello della dei degli delle d a al allo alla ai agli
    alle in nel nello nella nei nelle da dal dalla con su sul sulla per tra fra e ed o ma che chi
    cui quale quali quando dove come perché è sono era erano essere stato ha hanno aveva avere io
    tu lui lei noi voi loro mi ti si ci vi non se più questo questa questi queste
    """,
    .portuguese: """
    o a os as um uma uns umas de do da dos das em no na nos nas por pelo pela para com sem sobre e
    ou mas que quem qual quais quando onde como porque é são era eram ser sido está estão foi foram
    tem têm tinha ter eu tu ele ela nós eles elas me te se lhe não mais este esta estes estas esse
    essa isso ao aos à às
    """,
    .dutch: """
    de het een en of maar dat die dit deze is zijn was waren ben wordt worden werd werden heeft
    hebben had hadden kan kunnen ik je jij u hij zij ze wij we jullie hun hem haar mij me ons niet
    geen in op aan bij met naar van voor door over onder uit te tot als hoe wat wie waar wanneer
    waarom welke er om ook
    """,
  ]
}
