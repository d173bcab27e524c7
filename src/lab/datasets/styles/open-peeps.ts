/**
 * The style `open-peeps`, designed by Pablo Stanley, CC0 1.0 (our code: MIT): people in black ink with a few flat colours.
 * Attributes, their values, how DiceBear draws each, and how people say it.
 */
import { type AttributeValues, type AvatarStyle, partOption, value } from '../avatar-style.ts';
import { BACKGROUND_COLORS, CLOTH_COLORS, HAIR_COLORS } from './colors.ts';

const KINDS = {
  hat: ['a % hat', 'a % cap'],
  long: ['long % hair', '% long hair'],
  short: ['short % hair', '% short hair'],
  bob: ['a % bob', 'a % bob haircut'],
  afro: ['a % afro', 'a big % afro'],
  bald: ['a bald head', 'a hairless head'],
  mohawk: ['a % mohawk', 'a % mohican'],
  sunglasses: ['sunglasses', 'shades', 'dark glasses'],
  glasses: ['glasses', 'eyeglasses', 'spectacles'],
  beard: ['a beard'],
  goatee: ['a goatee', 'a chin beard'],
  moustache: ['a moustache', 'a mustache'],
  mask: ['a mask', 'a face mask'],
};

/** Worn on the head. The colour of a beanie, a turban or a bow is that of the clothes; the others are black. */
const HATS: AttributeValues = {
  beanie: value('hatBeanie', ['a % beanie', 'a % knitted cap', 'a % wool hat'], { kind: 'hat' }),
  'brimmed-hat': value('hatHip', ['a black brimmed hat', 'a wide black hat', 'a black fedora'], { kind: 'hat' }),
  hijab: value('hijab', ['a black hijab', 'a black headscarf']),
  turban: value('turban', ['a % turban', 'a % head wrap']),
};

/** Hair that is drawn in a colour; all other hair is black ink. Drawn more often, so that there is colour to see. */
const COLORED_HAIR: AttributeValues = {
  'flipped-bangs': value('bangs', ['flipped % hair with bangs', 'shoulder-length % hair with bangs'], { weight: 3 }),
  'cornrow-ponytail': value('cornrows', ['% cornrows in a ponytail', '% cornrows', 'a long % ponytail of cornrows'], {
    weight: 2,
  }),
  bun: value('grayBun', ['a % bun', '% hair in a bun', 'a % top knot'], { weight: 3 }),
  'low-bun': value('grayMedium', ['a low % bun', '% hair tied at the neck', 'a neat % updo'], { weight: 3 }),
  'short-swept': value('grayShort', ['short swept % hair', 'short % hair swept up'], { kind: 'short', weight: 3 }),
  'curly-fringe': value('mediumBangs2', ['% hair with a curly fringe', 'curly % bangs'], { weight: 3 }),
  mohawk: value('mohawk', ['a smooth % mohawk', 'a rounded % mohawk'], { kind: 'mohawk', weight: 2 }),
  'spiky-mohawk': value('mohawk2', ['a spiky % mohawk', '% spikes on a bare head'], { kind: 'mohawk', weight: 2 }),
  balding: value('noHair3', ['a bald top with % hair at the back', 'a balding head with % hair'], { weight: 2 }),
  quiff: value('short4', ['a wavy % quiff', 'a tall % quiff'], { kind: 'short', weight: 3 }),
};

const INKED_HAIR: AttributeValues = {
  afro: value('afro', ['a round afro', 'a plain afro'], { kind: 'afro' }),
  'blunt-bob': value('bangs2', ['a blunt bob', 'a bob with straight bangs'], { kind: 'bob' }),
  'bantu-knots': value('bantuKnots', ['bantu knots', 'small knots of hair']),
  bear: value('bear', ['a bear head', 'bear ears', 'the head of a bear'], { weight: 0.5 }),
  'bow-bun': value('bun', ['a bun with a % bow', 'a bun and a % headscarf', 'a % hair bow']),
  'high-bun': value('bun2', ['a high curly bun', 'a curly ponytail with a % band']),
  buns: value('buns', ['many buns', 'hair in small buns']),
  braids: value('cornrows2', ['a curly braid', 'thick braids', 'braids at the back']),
  dreadlocks: value('dreads1', ['dreadlocks', 'hanging dreads']),
  'short-dreads': value('dreads2', ['short dreadlocks', 'short dreads'], { kind: 'short' }),
  'flat-top': value('flatTop', ['a low flat top', 'a flat top'], { kind: 'short' }),
  'high-top': value('flatTopLong', ['a high flat top', 'a tall box haircut']),
  'long-wavy': value('long', ['long wavy hair', 'long flowing hair'], { kind: 'long' }),
  'huge-afro': value('longAfro', ['a huge afro', 'an enormous afro'], { kind: 'afro' }),
  'long-fringe': value('longBangs', ['long hair with a side fringe', 'long hair with bangs'], { kind: 'long' }),
  'long-curly': value('longCurly', ['long curly hair', 'long curls', 'big curls'], { kind: 'long' }),
  'chin-bob': value('medium1', ['a chin-length bob', 'a rounded bob'], { kind: 'bob' }),
  'curled-ends': value('medium2', ['hair curled at the ends', 'shoulder-length hair with curled ends']),
  'shoulder-length': value('medium3', ['straight shoulder-length hair', 'hair down to the shoulders']),
  'wavy-bangs': value('mediumBangs', ['wavy hair with bangs', 'wavy hair with a fringe']),
  'choppy-bangs': value('mediumBangs3', ['choppy bangs', 'a shiny fringe']),
  'over-one-eye': value('mediumStraight', ['straight hair over one eye', 'hair over one eye']),
  bald: value('noHair1', ['a smooth bald head', 'no hair at all'], { kind: 'bald' }),
  'few-hairs': value('noHair2', ['a few single hairs', 'three hairs on the head'], { kind: 'bald' }),
  pompadour: value('pomp', ['a pompadour', 'a slicked-back pompadour'], { kind: 'short' }),
  undercut: value('shaved1', ['an undercut', 'a smooth undercut'], { kind: 'short' }),
  'curly-undercut': value('shaved2', ['a curly undercut', 'short curls with shaved sides'], { kind: 'short' }),
  'wild-hair': value('shaved3', ['wild hair', 'messy spiky hair']),
  'buzz-cut': value('short1', ['a buzz cut', 'very short cropped hair'], { kind: 'short' }),
  'side-part': value('short2', ['short hair with a side part', 'a neat side part'], { kind: 'short' }),
  'short-wavy': value('short3', ['short wavy hair', 'short waves'], { kind: 'short' }),
  'short-messy': value('short5', ['short messy hair', 'short tousled hair'], { kind: 'short' }),
  twists: value('twists', ['short twists', 'twisted hair'], { kind: 'short' }),
  'twist-top': value('twists2', ['a flat top of twists', 'tight twists'], { kind: 'short' }),
};

const FACES: AttributeValues = {
  scowling: value('angryWithFang', ['scowling', 'snarling'], { nouns: ['a fang', 'a sharp tooth'] }),
  amazed: value('awe', ['amazed', 'awestruck'], { nouns: ['big shining eyes', 'huge eyes'] }),
  blank: value('blank', ['blank-faced', 'unimpressed'], { nouns: ['a blank face'] }),
  calm: value('calm', ['calm', 'peaceful'], { nouns: ['a calm smile'] }),
  cheeky: value('cheeky', ['cheeky', 'whistling'], { nouns: ['a cheeky face', 'a raised brow'] }),
  concerned: value('concerned', ['concerned', 'worried'], { nouns: ['a worried face'] }),
  anxious: value('concernedFear', ['anxious', 'uneasy'], { nouns: ['an anxious face'] }),
  haughty: value('contempt', ['haughty', 'contemptuous'], { nouns: ['a look of contempt'] }),
  cute: value('cute', ['cute', 'sweet'], { nouns: ['long lashes'] }),
  cyclops: value('cyclops', ['one-eyed', 'cyclopean'], { nouns: ['a single eye', 'one big eye'], weight: 0.5 }),
  driven: value('driven', ['determined', 'driven'], { nouns: ['a determined look'] }),
  eating: value('eatingHappy', ['eating', 'chewing'], { nouns: ['full cheeks', 'a full mouth'] }),
  talking: value('explaining', ['talking', 'explaining'], { nouns: ['an open mouth'] }),
  sleeping: value('eyesClosed', ['sleeping', 'sleepy'], { nouns: ['closed eyes', 'shut eyes'] }),
  frightened: value('fear', ['frightened', 'scared'], { nouns: ['a frightened face'] }),
  hectic: value('hectic', ['stressed', 'hectic'], { nouns: ['clenched teeth', 'gritted teeth'] }),
  loving: value('lovingGrin1', ['loving', 'adoring'], { nouns: ['heart eyes and an open mouth'] }),
  smitten: value('lovingGrin2', ['smitten', 'lovestruck'], { nouns: ['heart eyes and a toothy grin'] }),
  monstrous: value('monster', ['monstrous', 'three-eyed'], { nouns: ['three eyes', 'many eyes'], weight: 0.5 }),
  old: value('old', ['old', 'elderly'], { nouns: ['wrinkles', 'an old face'] }),
  raging: value('rage', ['raging', 'screaming'], { nouns: ['a screaming mouth'] }),
  serious: value('serious', ['serious', 'stern'], { nouns: ['a straight brow', 'a stern look'] }),
  smiling: value('smile', ['gently smiling', 'content'], { nouns: ['a gentle smile', 'a slight smile'] }),
  grinning: value('smileBig', ['grinning', 'beaming'], { nouns: ['a big grin', 'a broad grin'] }),
  laughing: value('smileLOL', ['laughing', 'crying with laughter'], { nouns: ['tears of laughter'] }),
  toothy: value('smileTeethGap', ['toothy', 'gap-toothed'], { nouns: ['a gap between the teeth'] }),
  sad: value('solemn', ['sad', 'gloomy', 'solemn'], { nouns: ['a frown', 'a sad mouth'] }),
  suspicious: value('suspicious', ['suspicious', 'doubtful'], { nouns: ['a doubtful brow', 'a suspicious look'] }),
  tired: value('tired', ['tired', 'weary'], { nouns: ['tired eyes'] }),
  fuming: value('veryAngry', ['fuming', 'very angry'], { nouns: ['an angry frown'] }),
};

const ATTRIBUTES = {
  top: { ...HATS, ...COLORED_HAIR, ...INKED_HAIR },
  hairColor: HAIR_COLORS,
  skin: {
    dark: value('694d3d', ['dark', 'very dark', 'black']),
    brown: value('ae5d29', ['brown', 'deep brown']),
    tan: value('d08b5b', ['tan', 'light brown', 'olive']),
    light: value('edb98a', ['light', 'beige']),
    pale: value('ffdbb4', ['pale', 'fair', 'very light']),
  },
  clothesColor: CLOTH_COLORS,
  face: FACES,
  accessories: {
    none: value('none', ['without glasses', 'with no glasses', 'with nothing over the eyes'], { weight: 7 }),
    'round-glasses': value('glasses', ['round glasses', 'large round glasses'], { kind: 'glasses' }),
    'small-glasses': value('glasses2', ['small round glasses', 'thin glasses'], { kind: 'glasses' }),
    'browline-glasses': value('glasses3', ['browline glasses', 'half-rim glasses'], { kind: 'glasses' }),
    'white-glasses': value('glasses4', ['white glasses', 'thick white frames'], { kind: 'glasses' }),
    'black-glasses': value('glasses5', ['black glasses', 'thick black frames'], { kind: 'glasses' }),
    sunglasses: value('sunglasses', ['square sunglasses', 'wayfarers'], { kind: 'sunglasses' }),
    aviators: value('sunglasses2', ['rounded sunglasses', 'aviators'], { kind: 'sunglasses' }),
    eyepatch: value('eyepatch', ['an eyepatch', 'a pirate patch']),
  },
  facialHair: {
    none: value('none', ['without a beard', 'with no beard', 'with no facial hair'], { weight: 12 }),
    'chin-strap': value('chin', ['a chin strap', 'a thin beard along the jaw'], { kind: 'beard' }),
    beard: value('full', ['a trimmed beard', 'a short beard'], { kind: 'beard' }),
    'full-beard': value('full2', ['a full beard', 'a thick beard'], { kind: 'beard' }),
    'long-beard': value('full3', ['a long beard', 'a huge beard'], { kind: 'beard' }),
    'outlined-beard': value('full4', ['an outlined % beard', 'a % beard with an outline'], {
      kind: 'beard',
      weight: 2,
    }),
    'pointed-goatee': value('goatee1', ['a pointed goatee', 'a goatee and moustache'], { kind: 'goatee' }),
    'round-goatee': value('goatee2', ['a round goatee', 'a circle beard'], { kind: 'goatee' }),
    'pencil-moustache': value('moustache1', ['a pencil moustache', 'a faint moustache'], { kind: 'moustache' }),
    horseshoe: value('moustache2', ['a horseshoe moustache', 'a drooping moustache'], { kind: 'moustache' }),
    handlebar: value('moustache3', ['a handlebar moustache', 'a big curled moustache'], { kind: 'moustache' }),
    'curled-moustache': value('moustache4', ['a thin curled moustache', 'a twirled moustache'], { kind: 'moustache' }),
    'bushy-moustache': value('moustache5', ['a bushy moustache', 'a wavy thick moustache'], { kind: 'moustache' }),
    'neat-moustache': value('moustache6', ['a neat moustache', 'a small thick moustache'], { kind: 'moustache' }),
    'parted-moustache': value('moustache7', ['a parted moustache', 'a narrow moustache'], { kind: 'moustache' }),
    'giant-moustache': value('moustache8', ['a giant moustache', 'a very long moustache'], { kind: 'moustache' }),
    'outlined-moustache': value('moustache9', ['an outlined % moustache', 'a % moustache with an outline'], {
      kind: 'moustache',
      weight: 2,
    }),
  },
  mask: {
    none: value('none', ['without a mask', 'with no mask'], { weight: 30 }),
    'medical-mask': value('medicalMask', ['a medical mask', 'a surgical mask'], { kind: 'mask' }),
    respirator: value('respirator', ['a respirator', 'a dust mask'], { kind: 'mask' }),
  },
  background: BACKGROUND_COLORS,
} as const satisfies Record<string, AttributeValues>;

type OpenPeepsAttribute = keyof typeof ATTRIBUTES;

const HAT_NAMES: ReadonlySet<string> = new Set(Object.keys(HATS));
const COLORED_FACIAL_HAIR: ReadonlySet<string> = new Set(['outlined-beard', 'outlined-moustache']);
const IN_CLOTHES_COLOR: ReadonlySet<string> = new Set(['beanie', 'turban', 'bow-bun', 'high-bun']);

/** Haircuts that make captions say "woman", unless there is a beard; used for nothing else. */
const LONG_HAIR_NAMES: ReadonlySet<string> = new Set([
  ...['hijab', 'flipped-bangs', 'bun', 'low-bun', 'curly-fringe', 'blunt-bob', 'bow-bun', 'high-bun', 'long-wavy'],
  ...['long-fringe', 'long-curly', 'chin-bob', 'curled-ends', 'shoulder-length', 'wavy-bangs', 'over-one-eye'],
]);

/** Beards are rare under long hair: the odds of "none" against each other value are multiplied by this. */
const BEARDLESS_FACTOR = 6;

export const OPEN_PEEPS: AvatarStyle<OpenPeepsAttribute> = {
  name: 'open-peeps',
  dataset: 'open-peeps',
  licence: 'Design (Open Peeps): CC0 1.0; DiceBear, which draws it: MIT',
  attribution: 'Open Peeps by Pablo Stanley (https://www.openpeeps.com), drawn by DiceBear',
  load: () => import('@dicebear/open-peeps'),
  attributes: ATTRIBUTES,
  kinds: KINDS,
  adjectives: { bald: 'bald', balding: 'balding', beard: 'bearded', moustache: 'moustached', mask: 'masked' },
  weightFactor: (attribute, name, { top = '' }) =>
    attribute === 'facialHair' && name === 'none' && LONG_HAIR_NAMES.has(top) ? BEARDLESS_FACTOR : 1,
  /**
   * Most hair is black ink: `hairColor` is the colour of the head, which is also that of some beards. A mask covers the
   * mouth and facial hair. Without one, any two values of an attribute differ in at least 25 of 64 × 64 pixels (measured),
   * even behind dark glasses.
   */
  *hidden({ top, mask }) {
    if (!(top in COLORED_HAIR)) yield 'hairColor';
    if (mask !== 'none') yield* ['face', 'facialHair'] as const;
  },
  options: (draws) => ({
    backgroundColor: [draws.background],
    head: [draws.top],
    headContrastColor: [draws.hairColor],
    skinColor: [draws.skin],
    clothingColor: [draws.clothesColor],
    face: [draws.face],
    ...partOption('accessories', draws.accessories),
    ...partOption('facialHair', draws.facialHair),
    ...partOption('mask', draws.mask),
  }),
  /** Words used in captions: "man" with a beard or short hair, "woman" with long hair and no beard, otherwise "person". */
  person({ top = '', facialHair }) {
    if (facialHair === undefined) return 'person';
    if (facialHair !== 'none') return 'man';
    if (LONG_HAIR_NAMES.has(top)) return 'woman';
    return ATTRIBUTES.top[top]?.kind === 'short' ? 'man' : 'person';
  },
  prompts: {
    top: (top) => (HAT_NAMES.has(top) ? 'a person wearing *' : 'a person with *'),
    hairColor: 'a person with * hair',
    skin: 'a person with * skin',
    clothesColor: 'a person wearing * clothes',
    face: 'a * person',
    accessories: 'a person wearing *',
    facialHair: 'a person with *',
    mask: 'a person wearing *',
    background: 'a * background',
  },
  captions: [
    { form: 'expression', attribute: 'face', odds: 0.6 },
    { form: 'skin', attribute: 'skin', odds: 0.25 },
    {
      form: 'hair',
      attribute: 'top',
      odds: 0.85,
      hairColor: 'hairColor',
      hats: HAT_NAMES,
      colorOf: (top) => (IN_CLOTHES_COLOR.has(top) ? 'clothesColor' : 'hairColor'),
    },
    { form: 'background', attribute: 'background', odds: 0.25 },
    { form: 'part', attribute: 'accessories', place: 'wearing', odds: 0.7, oddsWithout: 0.15 },
    {
      form: 'part',
      attribute: 'facialHair',
      place: 'with',
      odds: 0.7,
      oddsWithout: 0.15,
      colorOf: (name) => (COLORED_FACIAL_HAIR.has(name) ? 'hairColor' : undefined),
    },
    { form: 'part', attribute: 'mask', place: 'wearing', odds: 0.9, oddsWithout: 0.03 },
    { form: 'clothes', attribute: 'clothesColor', odds: 0.65 },
  ],
};
